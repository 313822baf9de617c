using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Accounts.Sessions;
using Township.Platform.Identity;

namespace Township.Modules.Accounts.Pages;

internal sealed class LogoutModel(SessionDirectory sessions) : PageModel
{
    public IActionResult OnGet() => LocalRedirect("/");

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (User.UserId is { } userId && User.FindFirst(TownshipClaims.SessionId) is { } session)
        {
            await sessions.EndAsync(userId, session.Value, null, cancellationToken);
        }

        SessionCookie.Delete(HttpContext);
        return LocalRedirect("/");
    }
}
