using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Projects;
using Township.Modules.Voting;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Organisations.Pages;

internal sealed class OrganisationModel(
    OrganisationReads reads, OrganisationWrites writes, ProjectReads projects, VotingReads questions) : PageModel
{
    public Organisation Organisation { get; private set; } = new();

    public MemberRole? Role { get; private set; }

    public IReadOnlyList<Member> Members { get; private set; } = [];

    public PageOf<ProjectListItem> Projects { get; private set; } = new([], null);

    public PageOf<QuestionListItem> Questions { get; private set; } = new([], null);

    [BindProperty(SupportsGet = true)]
    public string? After { get; set; }

    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken) =>
        await LoadAsync(id, cancellationToken) ? Page() : NotFound();

    public async Task<IActionResult> OnPostJoinAsync(string id, CancellationToken cancellationToken)
    {
        if (!User.IsSignedIn)
        {
            return Challenge();
        }

        var outcome = await writes.JoinAsync(id, User.RequiredUserId, cancellationToken);
        if (outcome.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        TempData[Flash.Key] = $"You now belong to {outcome.Value!.Name}.";
        return LocalRedirect($"/organisations/{id}");
    }

    public async Task<IActionResult> OnPostLeaveAsync(string id, CancellationToken cancellationToken)
    {
        if (!User.IsSignedIn)
        {
            return Challenge();
        }

        var outcome = await writes.RemoveAsync(id, User.RequiredUserId, User.RequiredUserId, cancellationToken);
        if (outcome.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        if (!outcome.Succeeded)
        {
            return await LoadAsync(id, cancellationToken) ? Page() : NotFound();
        }

        TempData[Flash.Key] = $"You have left {outcome.Value!.Name}.";
        return LocalRedirect($"/organisations/{id}");
    }

    private async Task<bool> LoadAsync(string id, CancellationToken cancellationToken)
    {
        if (await reads.FindAsync(id, cancellationToken) is not { } organisation)
        {
            return false;
        }

        Organisation = organisation;
        Role = await reads.RoleAsync(id, User.UserId, cancellationToken);
        Members = await reads.MembersAsync(id, cancellationToken);
        Projects = await projects.ListAsync(
            new ProjectFilter(id, null, Role is not null, null, null, Cursor.Parse(After), 12), cancellationToken);
        Questions = await questions.ListAsync(QuestionSet.Open, id, Cursor.Start, 5, cancellationToken);
        return true;
    }
}
