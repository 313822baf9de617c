using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Accounts.Passwords;
using Township.Modules.Accounts.Sessions;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Accounts.Pages;

[Authorize(Policy = TownshipPolicies.Resident)]
[ResponseCache(NoStore = true)]
internal sealed class SecurityModel(AccountDesk desk, SessionDirectory sessions, AttemptLimiter attempts, Profiles profiles)
    : PageModel
{
    [BindProperty]
    public Form Input { get; set; } = new();

    public IReadOnlyList<SessionSummary> Sessions { get; private set; } = [];

    /// <summary>For password managers: whose password this is.</summary>
    public string Email { get; private set; } = "";

    public string? CurrentSession => User.FindFirst(TownshipClaims.SessionId)?.Value;

    public async Task OnGetAsync(CancellationToken cancellationToken) => await LoadAsync(cancellationToken);

    public async Task<IActionResult> OnPostPasswordAsync(CancellationToken cancellationToken)
    {
        if (ModelState.IsValid && !attempts.TryAttempt(HttpContext, User.RequiredUserId))
        {
            Response.StatusCode = StatusCodes.Status429TooManyRequests;
            ModelState.AddModelError("", TownshipErrors.Detail(429));
        }

        if (ModelState.IsValid
            && !await desk.ChangePasswordAsync(
                User.RequiredUserId, CurrentSession, Input.OldPassword, Input.NewPassword, cancellationToken))
        {
            ModelState.AddModelError("Input.OldPassword", "This is not your present password.");
        }

        if (!ModelState.IsValid)
        {
            await LoadAsync(cancellationToken);
            return Page();
        }

        TempData[Flash.Key] = "Your new password is set, and your other devices are signed out.";
        return LocalRedirect("/account/security");
    }

    public async Task<IActionResult> OnPostEndAsync(string id, CancellationToken cancellationToken)
    {
        await sessions.EndAsync(User.RequiredUserId, id, null, cancellationToken);
        TempData[Flash.Key] = "That device is signed out.";
        return LocalRedirect("/account/security");
    }

    public async Task<IActionResult> OnPostEndOthersAsync(CancellationToken cancellationToken)
    {
        var ended = await sessions.EndAsync(User.RequiredUserId, null, CurrentSession, cancellationToken);
        TempData[Flash.Key] = ended == 1 ? "One other device is signed out." : $"{ended} other devices are signed out.";
        return LocalRedirect("/account/security");
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        Sessions = await sessions.ListAsync(User.RequiredUserId, cancellationToken);
        Email = (await profiles.FindAsync(User.RequiredUserId, cancellationToken))?.Email ?? "";
    }

    internal sealed class Form
    {
        [Required(ErrorMessage = "Enter your present password.")]
        [StringLength(PasswordRules.MaximumLength, ErrorMessage = PasswordRules.Message)]
        public string OldPassword { get; set; } = "";

        [Required(ErrorMessage = "Choose a new password.")]
        [StringLength(
            PasswordRules.MaximumLength, MinimumLength = PasswordRules.MinimumLength, ErrorMessage = PasswordRules.Message)]
        public string NewPassword { get; set; } = "";
    }
}
