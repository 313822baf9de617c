using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Voting.Pages;

internal sealed class QuestionModel(VotingReads reads, VotingWrites writes, TimeProvider time) : PageModel
{
    public Question Question { get; private set; } = new();

    public QuestionResults Results { get; private set; } = new("", 0, 0, false, []);

    public string? MyVote { get; private set; }

    public bool MayVote { get; private set; }

    public bool IsOpen { get; private set; }

    public Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken) => ShowAsync(id, cancellationToken);

    public async Task<IActionResult> OnPostAsync(string id, string? option, CancellationToken cancellationToken)
    {
        if (!User.IsSignedIn)
        {
            return Challenge();
        }

        var outcome = await writes.VoteAsync(id, option, User.RequiredUserId, cancellationToken);
        if (outcome.Refusal(this, "Vote") is { } refusal)
        {
            return refusal;
        }

        if (!outcome.Succeeded)
        {
            return await ShowAsync(id, cancellationToken);
        }

        TempData[Flash.Key] = outcome.Status == OutcomeStatus.Done ? "Your vote counts." : "You had voted so already.";
        return LocalRedirect($"/questions/{id}");
    }

    private async Task<IActionResult> ShowAsync(string id, CancellationToken cancellationToken)
    {
        if (await reads.FindAsync(id, cancellationToken) is not { } question)
        {
            return NotFound();
        }

        Question = question;
        Results = await reads.ResultsAsync(question, cancellationToken);
        MyVote = await reads.VoteOfAsync(id, User.UserId, cancellationToken);
        MayVote = await reads.MayVoteAsync(question, User.UserId, cancellationToken);
        IsOpen = question.IsOpenAt(time.GetUtcNow());
        return Page();
    }
}
