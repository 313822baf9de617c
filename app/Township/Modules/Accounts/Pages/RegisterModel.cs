using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Accounts.Passwords;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Accounts.Pages;

[ResponseCache(NoStore = true)]
internal sealed class RegisterModel(AccountDesk desk, AttemptLimiter attempts) : PageModel
{
    [BindProperty]
    public Form Input { get; set; } = new();

    public IActionResult OnGet() => User.IsSignedIn ? LocalRedirect("/") : Page();

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

        await desk.RegisterAsync(Input.Name, Input.Email, Input.Password, cancellationToken);
        return LocalRedirect("/register/sent");
    }

    internal sealed class Form
    {
        [Required(ErrorMessage = "Enter the name that others should see.")]
        [StringLength(80, MinimumLength = 2, ErrorMessage = "A name has 2 to 80 characters.")]
        [RegularExpression(TextRules.OneLine, ErrorMessage = "A name is one line of text.")]
        public string Name { get; set; } = "";

        [Required(ErrorMessage = "Enter your e-mail address.")]
        [EmailAddress(ErrorMessage = "Enter an e-mail address like name@example.org.")]
        [RegularExpression(TextRules.Email, ErrorMessage = "Enter an e-mail address like name@example.org.")]
        [StringLength(254, ErrorMessage = "An e-mail address has at most 254 characters.")]
        public string Email { get; set; } = "";

        [Required(ErrorMessage = "Choose a password.")]
        [StringLength(
            PasswordRules.MaximumLength, MinimumLength = PasswordRules.MinimumLength, ErrorMessage = PasswordRules.Message)]
        public string Password { get; set; } = "";
    }
}
