using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Organisations.Pages;

[Authorize(Policy = TownshipPolicies.Resident)]
internal sealed class EditOrganisationModel(OrganisationReads reads, OrganisationWrites writes) : PageModel
{
    [BindProperty]
    public OrganisationInput Input { get; set; } = new();

    public string Id { get; private set; } = "";

    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken)
    {
        if (await reads.FindAsync(id, cancellationToken) is not { } organisation)
        {
            return NotFound();
        }

        if (await reads.RoleAsync(id, User.UserId, cancellationToken) != MemberRole.Manager)
        {
            return StatusCode(StatusCodes.Status403Forbidden);
        }

        Id = id;
        Input = new OrganisationInput
        {
            Name = organisation.Name,
            Summary = organisation.Summary,
            Category = organisation.Category,
            IsOpen = organisation.IsOpen,
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
        return LocalRedirect($"/organisations/{id}");
    }
}
