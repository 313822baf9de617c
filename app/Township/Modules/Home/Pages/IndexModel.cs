using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.OutputCaching;
using Township.Platform.Identity;

namespace Township.Modules.Home.Pages;

[OutputCache(Duration = 30, Tags = ["home"])]
internal sealed class IndexModel(IEnumerable<HomePanel> panels) : PageModel
{
    public IReadOnlyList<HomePanel> Panels =>
        [.. panels.Where(panel => panel.ForGuests || User.IsSignedIn).OrderBy(panel => panel.Order)];

    public string FirstName => User.DisplayName?.Split(' ', 2)[0] ?? "";
}
