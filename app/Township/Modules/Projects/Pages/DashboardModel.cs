using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Organisations;
using Township.Platform.Identity;

namespace Township.Modules.Projects.Pages;

internal sealed class DashboardModel(ProjectReads reads, OrganisationReads organisations) : PageModel
{
    public ProjectView View { get; private set; } = null!;

    public Organisation? Organisation { get; private set; }

    public ProjectDashboard Dashboard { get; private set; } = new();

    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken)
    {
        var view = await reads.ViewAsync(id, User.UserId, cancellationToken);
        if (view.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        View = view.Value!;
        Organisation = await organisations.FindAsync(View.Project.OrganisationId, cancellationToken);
        Dashboard = await reads.DashboardAsync(id, cancellationToken);
        return Page();
    }
}
