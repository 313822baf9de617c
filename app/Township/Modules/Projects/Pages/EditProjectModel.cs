using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Projects.Pages;

[Authorize(Policy = TownshipPolicies.Resident)]
internal sealed class EditProjectModel(ProjectReads reads, ProjectWrites writes) : PageModel
{
    [BindProperty]
    public ProjectInput Input { get; set; } = new();

    public string Id { get; private set; } = "";

    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken)
    {
        var view = await reads.ViewAsync(id, User.UserId, cancellationToken);
        if (view.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        if (!view.Value!.CanEdit)
        {
            return StatusCode(StatusCodes.Status403Forbidden);
        }

        Id = id;
        var project = view.Value.Project;
        Input = new ProjectInput
        {
            OrganisationId = project.OrganisationId,
            Name = project.Name,
            Summary = project.Summary,
            Category = project.Category,
            Status = project.Status,
            IsPrivate = project.IsPrivate,
            DueOn = project.DueOn,
        };
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string id, CancellationToken cancellationToken)
    {
        Id = id;
        var outcome = await writes.UpdateAsync(id, Input, User.RequiredUserId, cancellationToken);
        if (outcome.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        if (!outcome.Succeeded)
        {
            return Page();
        }

        TempData[Flash.Key] = "Saved.";
        return LocalRedirect($"/projects/{id}");
    }
}
