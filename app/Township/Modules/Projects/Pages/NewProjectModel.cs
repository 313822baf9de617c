using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Organisations;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Projects.Pages;

[Authorize(Policy = TownshipPolicies.Resident)]
internal sealed class NewProjectModel(ProjectWrites writes, OrganisationReads organisations) : PageModel
{
    [BindProperty]
    public ProjectInput Input { get; set; } = new();

    public IReadOnlyList<Membership> Memberships { get; private set; } = [];

    public async Task OnGetAsync(string? organisation, CancellationToken cancellationToken)
    {
        Memberships = await organisations.MembershipsAsync(User.UserId, cancellationToken);
        Input.OrganisationId = organisation;
        Input.Category = organisation is null
            ? null
            : (await organisations.FindAsync(organisation, cancellationToken))?.Category;
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        var outcome = await writes.CreateAsync(Input, User.RequiredUserId, cancellationToken);
        if (outcome.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        if (!outcome.Succeeded)
        {
            Memberships = await organisations.MembershipsAsync(User.UserId, cancellationToken);
            return Page();
        }

        TempData[Flash.Key] = "The project is there. What has to be done first?";
        return LocalRedirect($"/projects/{outcome.Value!.Id}");
    }
}
