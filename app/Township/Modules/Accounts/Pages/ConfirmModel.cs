using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Accounts.Links;
using Township.Platform.Web;

namespace Township.Modules.Accounts.Pages;

/// <summary>Asks for a click first: mail scanners follow links, and must not use them up.</summary>
[ResponseCache(NoStore = true)]
internal sealed class ConfirmModel(AccountDesk desk, AccountLinks links) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string Token { get; set; } = "";

    public bool Valid { get; private set; }

    public async Task OnGetAsync(CancellationToken cancellationToken) =>
        Valid = await links.IsValidAsync(Token, LinkPurpose.ConfirmEmail, cancellationToken);

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (!await desk.ConfirmAsync(Token, cancellationToken))
        {
            return Page();
        }

        TempData[Flash.Key] = "Your address is confirmed. Sign in with your password.";
        return LocalRedirect("/login");
    }
}
