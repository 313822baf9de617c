using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Accounts.Pages;

[ResponseCache(NoStore = true)]
internal sealed class ForgotPasswordModel(AccountDesk desk, AttemptLimiter attempts) : PageModel
{
    [BindProperty]
    [Required(ErrorMessage = "Enter your e-mail address.")]
    [EmailAddress(ErrorMessage = "Enter an e-mail address like name@example.org.")]
    [RegularExpression(TextRules.Email, ErrorMessage = "Enter an e-mail address like name@example.org.")]
    [StringLength(254, ErrorMessage = "An e-mail address has at most 254 characters.")]
    public string Email { get; set; } = "";

    public bool Sent { get; private set; }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (!ModelState.IsValid)
        {
            return Page();
        }

        if (!attempts.TryAttempt(HttpContext, Email))
        {
            Response.StatusCode = StatusCodes.Status429TooManyRequests;
            ModelState.AddModelError("", TownshipErrors.Detail(429));
            return Page();
        }

        await desk.RequestResetAsync(Email, cancellationToken);
        Sent = true;
        return Page();
    }
}
