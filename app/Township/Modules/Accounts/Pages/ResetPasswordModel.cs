using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Accounts.Links;
using Township.Modules.Accounts.Passwords;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Accounts.Pages;

[ResponseCache(NoStore = true)]
internal sealed class ResetPasswordModel(AccountDesk desk, AccountLinks links, AttemptLimiter attempts) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string Token { get; set; } = "";

    [BindProperty]
    [Required(ErrorMessage = "Choose a password.")]
    [StringLength(
        PasswordRules.MaximumLength, MinimumLength = PasswordRules.MinimumLength, ErrorMessage = PasswordRules.Message)]
    public string Password { get; set; } = "";

    public bool Valid { get; private set; }

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        ModelState.Clear();
        Valid = await links.IsValidAsync(Token, LinkPurpose.ResetPassword, cancellationToken);
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        Valid = await links.IsValidAsync(Token, LinkPurpose.ResetPassword, cancellationToken);
        if (!Valid || !ModelState.IsValid)
        {
            return Page();
        }

        if (!attempts.TryAttempt(HttpContext, null))
        {
            Response.StatusCode = StatusCodes.Status429TooManyRequests;
            ModelState.AddModelError("", TownshipErrors.Detail(429));
            return Page();
        }

        if (!await desk.ResetPasswordAsync(Token, Password, cancellationToken))
        {
            Valid = false;
            return Page();
        }

        TempData[Flash.Key] = "Your new password is set. Sign in with it.";
        return LocalRedirect("/login");
    }
}
