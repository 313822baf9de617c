using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Organisations.Pages;

[Authorize(Policy = TownshipPolicies.Resident)]
internal sealed class MembersModel(OrganisationReads reads, OrganisationWrites writes) : PageModel
{
    public Organisation Organisation { get; private set; } = new();

    public MemberRole? Role { get; private set; }

    public IReadOnlyList<Member> Members { get; private set; } = [];

    public string? Email { get; private set; }

    public Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken) => ShowAsync(id, cancellationToken);

    public async Task<IActionResult> OnPostAddAsync(string id, string? email, CancellationToken cancellationToken)
    {
        Email = email;
        return await FinishAsync(
            id, await writes.AddAsync(id, email, User.RequiredUserId, cancellationToken), "Added.", cancellationToken);
    }

    public async Task<IActionResult> OnPostRemoveAsync(string id, string member, CancellationToken cancellationToken) =>
        await FinishAsync(
            id, await writes.RemoveAsync(id, member, User.RequiredUserId, cancellationToken), "Removed.", cancellationToken);

    public async Task<IActionResult> OnPostRoleAsync(string id, string member, string role, CancellationToken cancellationToken) =>
        await FinishAsync(
            id,
            await writes.SetRoleAsync(
                id,
                member,
                role == "manager" ? MemberRole.Manager : MemberRole.Member,
                User.RequiredUserId,
                cancellationToken),
            "Changed.",
            cancellationToken);

    private async Task<IActionResult> FinishAsync(
        string id, Outcome<Organisation> outcome, string message, CancellationToken cancellationToken)
    {
        if (outcome.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        if (!outcome.Succeeded)
        {
            return await ShowAsync(id, cancellationToken);
        }

        TempData[Flash.Key] = message;
        return LocalRedirect($"/organisations/{id}/members");
    }

    private async Task<IActionResult> ShowAsync(string id, CancellationToken cancellationToken)
    {
        if (await reads.FindAsync(id, cancellationToken) is not { } organisation)
        {
            return NotFound();
        }

        Role = await reads.RoleAsync(id, User.UserId, cancellationToken);
        if (Role is null)
        {
            return StatusCode(StatusCodes.Status403Forbidden);
        }

        Organisation = organisation;
        Members = await reads.MembersAsync(id, cancellationToken);
        return Page();
    }
}
