using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Organisations;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Voting.Pages;

[Authorize(Policy = TownshipPolicies.Resident)]
internal sealed class NewQuestionModel(VotingWrites writes, OrganisationReads organisations) : PageModel
{
    [BindProperty]
    public QuestionInput Input { get; set; } = new();

    public IReadOnlyList<Membership> Memberships { get; private set; } = [];

    public async Task OnGetAsync(string? organisation, CancellationToken cancellationToken)
    {
        Memberships = await organisations.MembershipsAsync(User.UserId, cancellationToken);
        Input.OrganisationId = organisation;
        Pad();
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        var outcome = await writes.AskAsync(Input, User.RequiredUserId, cancellationToken);
        if (outcome.Refusal(this) is { } refusal)
        {
            return refusal;
        }

        if (!outcome.Succeeded)
        {
            Memberships = await organisations.MembershipsAsync(User.UserId, cancellationToken);
            Pad();
            return Page();
        }

        TempData[Flash.Key] = "Your question is open. Be the first to vote.";
        return LocalRedirect($"/questions/{outcome.Value!.Id}");
    }

    // The form shows five answers, empty or not.
    private void Pad()
    {
        while (Input.Options.Count < 5)
        {
            Input.Options.Add("");
        }
    }
}
