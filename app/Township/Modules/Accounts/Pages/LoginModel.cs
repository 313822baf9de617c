using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Accounts.Passwords;
using Township.Modules.Accounts.Sessions;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Accounts.Pages;

[ResponseCache(NoStore = true)]
internal sealed class LoginModel(AccountDesk desk, SessionDirectory sessions, AttemptLimiter attempts) : PageModel
{
    [BindProperty]
    public Form Input { get; set; } = new();

    [BindProperty(SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    public IActionResult OnGet() => User.IsSignedIn ? LocalRedirect(Back()) : Page();

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (!ModelState.IsValid)
        {
            return Page();
        }

        if (!attempts.TryAttempt(HttpContext, Input.Email))
        {
            Response.StatusCode = StatusCodes.Status429TooManyRequests;
            ModelState.AddModelError("", TownshipErrors.Detail(429));
            return Page();
        }

        var account = await desk.CheckPasswordAsync(Input.Email, Input.Password, cancellationToken);
        if (account is null)
        {
            ModelState.AddModelError(
                "", "This e-mail address and password do not go together, or the address is not confirmed yet.");
            return Page();
        }

        var (_, token) = await sessions.BeginAsync(account.Id, Device.Describe(Request.Headers.UserAgent), cancellationToken);
        SessionCookie.Write(HttpContext, token);
        return LocalRedirect(Back());
    }

    // An address of ours, as a header carries it: in ASCII, because the query's escapes are undone by now.
    private string Back() =>
        Url.IsLocalUrl(ReturnUrl)
            ? string.Concat(ReturnUrl!.EnumerateRunes().Select(
                static rune => rune.IsAscii ? rune.ToString() : Uri.EscapeDataString(rune.ToString())))
            : "/";

    internal sealed class Form
    {
        [Required(ErrorMessage = "Enter your e-mail address.")]
        [EmailAddress(ErrorMessage = "Enter an e-mail address like name@example.org.")]
        [RegularExpression(TextRules.Email, ErrorMessage = "Enter an e-mail address like name@example.org.")]
        [StringLength(254, ErrorMessage = "An e-mail address has at most 254 characters.")]
        public string Email { get; set; } = "";

        [Required(ErrorMessage = "Enter your password.")]
        [StringLength(PasswordRules.MaximumLength, ErrorMessage = PasswordRules.Message)]
        public string Password { get; set; } = "";
    }
}
