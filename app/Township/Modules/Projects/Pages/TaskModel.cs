using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Organisations;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Projects.Pages;

internal sealed class TaskModel(ProjectReads reads, WorkWrites writes, OrganisationReads organisations) : PageModel
{
    [BindProperty]
    public WorkItemInput Input { get; set; } = new();

    public WorkItem Item { get; private set; } = new();

    public ProjectView View { get; private set; } = null!;

    public IReadOnlyList<Member> Members { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken)
    {
        if (await LoadAsync(id, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        Input = new WorkItemInput
        {
            Title = Item.Title,
            Details = Item.Details,
            Status = Item.Status,
            Kind = Item.Kind,
            AssigneeId = Item.AssigneeId,
            DueOn = Item.DueOn,
        };
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string id, CancellationToken cancellationToken)
    {
        if (!User.IsSignedIn)
        {
            return Challenge();
        }

        Input.Title ??= ""; // a form sends every field: an empty one is empty, not left out
        Input.Details ??= "";
        Input.AssigneeId ??= "";
        Input.DueOn ??= "";
        var outcome = await writes.UpdateAsync(id, Input, User.RequiredUserId, cancellationToken);
        if (outcome.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        if (!outcome.Succeeded)
        {
            return await LoadAsync(id, cancellationToken) ?? Page();
        }

        TempData[Flash.Key] = outcome.Status == OutcomeStatus.Done ? "Saved." : "Nothing had changed.";
        return LocalRedirect($"/projects/{outcome.Value!.ProjectId}");
    }

    private async Task<IActionResult?> LoadAsync(string id, CancellationToken cancellationToken)
    {
        if (await reads.FindTaskAsync(id, cancellationToken) is not { } item)
        {
            return NotFound();
        }

        var view = await reads.ViewAsync(item.ProjectId, User.UserId, cancellationToken);
        if (view.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        (Item, View) = (item, view.Value!);
        Members = View.CanWork
            ? await organisations.MembersAsync(View.Project.OrganisationId, cancellationToken)
            : [];
        return null;
    }
}
