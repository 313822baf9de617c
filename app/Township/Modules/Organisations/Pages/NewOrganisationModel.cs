using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Organisations.Pages;

[Authorize(Policy = TownshipPolicies.Resident)]
internal sealed class NewOrganisationModel(OrganisationWrites writes) : PageModel
{
    [BindProperty]
    public OrganisationInput Input { get; set; } = new();

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        var outcome = await writes.CreateAsync(Input, User.RequiredUserId, cancellationToken);
        if (outcome.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        if (!outcome.Succeeded)
        {
            return Page();
        }

        TempData[Flash.Key] = $"{outcome.Value!.Name} is there. Give it a first project.";
        return LocalRedirect($"/organisations/{outcome.Value.Id}");
    }
}
