using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Platform.Identity;

namespace Township.Modules.Projects.Pages;

[Authorize(Policy = TownshipPolicies.Resident)]
[ResponseCache(NoStore = true)]
internal sealed class ExportModel(Exports exports) : PageModel
{
    public ProjectExport Export { get; private set; } = new();

    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken)
    {
        var outcome = await exports.FindAsync(id, User.RequiredUserId, cancellationToken);
        if (outcome.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        Export = outcome.Value!;
        return Page();
    }
}
