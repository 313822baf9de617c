using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Platform.Identity;

namespace Township.Modules.Home.Pages;

internal sealed class IndexModel(IEnumerable<HomePanel> panels) : PageModel
{
    public IReadOnlyList<HomePanel> Panels =>
        [.. panels.Where(panel => panel.ForGuests || User.IsSignedIn).OrderBy(panel => panel.Order)];

    public string FirstName => User.DisplayName?.Split(' ', 2)[0] ?? "";
}
