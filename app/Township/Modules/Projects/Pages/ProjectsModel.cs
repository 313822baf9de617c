using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.OutputCaching;
using Township.Modules.Organisations;
using Township.Platform.Identity;

namespace Township.Modules.Projects.Pages;

[OutputCache(Duration = 60, VaryByQueryKeys = ["status", "category", "mine", "after"], Tags = [ProjectCache.AllTag])]
internal sealed class ProjectsModel(ProjectReads reads) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Status { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Category { get; set; }

    [BindProperty(SupportsGet = true)]
    public bool Mine { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? After { get; set; }

    public PageOf<ProjectListItem> List { get; private set; } = new([], null);

    public IReadOnlyList<WorkItem> MyTasks { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if (Mine && !User.IsSignedIn)
        {
            return Challenge();
        }

        Status = ProjectStatus.All.Contains(Status) ? Status : null;
        Category = OrganisationCategories.Contains(Category) ? Category : null;
        List = await reads.ListAsync(
            new ProjectFilter(
                null, Mine ? User.UserId : null, false, Status, Category, Cursor.Parse(After), ProjectReads.PageSize + 1),
            cancellationToken);
        MyTasks = Mine ? await reads.OfResidentAsync(User.RequiredUserId, cancellationToken) : [];
        return Page();
    }
}
