using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Organisations;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Projects.Pages;

internal sealed class ProjectModel(
    ProjectReads reads, WorkWrites writes, OrganisationReads organisations, Exports exports) : PageModel
{
    private const int ColumnSize = 8;

    public ProjectView View { get; private set; } = null!;

    public Organisation? Organisation { get; private set; }

    public ProjectStatistics Statistics { get; private set; } = new();

    public IReadOnlyList<Member> Members { get; private set; } = [];

    /// <summary>The three columns, or the one that is asked for.</summary>
    public IReadOnlyDictionary<string, PageOf<WorkItem>> Columns { get; private set; } =
        new Dictionary<string, PageOf<WorkItem>>();

    [BindProperty]
    public WorkItemInput Input { get; set; } = new();

    [BindProperty(SupportsGet = true)]
    public string? Status { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Assignee { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? After { get; set; }

    public Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken) => ShowAsync(id, cancellationToken);

    public async Task<IActionResult> OnPostAddAsync(string id, CancellationToken cancellationToken)
    {
        if (!User.IsSignedIn)
        {
            return Challenge();
        }

        var outcome = await writes.CreateAsync(id, Input, User.RequiredUserId, cancellationToken);
        if (outcome.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        return outcome.Succeeded ? LocalRedirect($"/projects/{id}") : await ShowAsync(id, cancellationToken);
    }

    public async Task<IActionResult> OnPostMoveAsync(string id, string task, string to, CancellationToken cancellationToken)
    {
        if (!User.IsSignedIn)
        {
            return Challenge();
        }

        var outcome = await writes.UpdateAsync(
            task, new WorkItemInput { Status = to }, User.RequiredUserId, cancellationToken);
        if (outcome.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        return outcome.Succeeded
            ? LocalRedirect(Status is null ? $"/projects/{id}" : $"/projects/{id}?status={Uri.EscapeDataString(Status)}")
            : await ShowAsync(id, cancellationToken);
    }

    public async Task<IActionResult> OnPostExportAsync(string id, CancellationToken cancellationToken)
    {
        if (!User.IsSignedIn)
        {
            return Challenge();
        }

        var outcome = await exports.RequestAsync(id, User.RequiredUserId, cancellationToken);
        return outcome.Refusal(this) ?? LocalRedirect($"/exports/{outcome.Value!.Id}");
    }

    private async Task<IActionResult> ShowAsync(string id, CancellationToken cancellationToken)
    {
        var view = await reads.ViewAsync(id, User.UserId, cancellationToken);
        if (view.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        View = view.Value!;
        Status = WorkStatus.All.Contains(Status) ? Status : null;
        Assignee = NewId.IsWellFormed(Assignee) ? Assignee : null;
        Organisation = await organisations.FindAsync(View.Project.OrganisationId, cancellationToken);
        Statistics = await reads.StatisticsAsync(id, cancellationToken);
        Members = View.CanWork
            ? await organisations.MembersAsync(View.Project.OrganisationId, cancellationToken)
            : [];
        var columns = new Dictionary<string, PageOf<WorkItem>>();
        foreach (var status in Status is null ? WorkStatus.All : [Status])
        {
            var filter = new WorkFilter(
                status,
                Assignee,
                Status is null ? Cursor.Start : Cursor.Parse(After),
                Status is null ? ColumnSize : ProjectReads.PageSize);
            columns[status] = await reads.TasksAsync(id, filter, cancellationToken);
        }

        Columns = columns;
        return Page();
    }
}
