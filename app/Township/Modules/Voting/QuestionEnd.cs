using Millrace.Jobs;
using Township.Modules.Notifications;

namespace Township.Modules.Voting;

/// <summary>Tells those who voted that a question has ended. Repeated, it hands on the same jobs under the same ids.</summary>
internal sealed class QuestionEnd(QuestionStore store, VotingReads reads, JobClient jobs)
{
    public async Task TellAsync(string questionId, CancellationToken cancellationToken)
    {
        if (await reads.FindAsync(questionId, cancellationToken) is not { ClosedAt: not null } question)
        {
            return;
        }

        var results = await reads.ResultsAsync(question, cancellationToken);
        var first = results.Options.MaxBy(static option => option.Votes);
        var body = results.Total == 0 || first is null
            ? "Nobody voted."
            : $"“{first.Label}” came first with {first.Votes} of {results.Total} votes.";
        var after = "";
        while (true)
        {
            var voters = await store.VoterIdsAsync(questionId, after, Notify.MaximumUsers, cancellationToken);
            if (voters.Count > 0)
            {
                await jobs.EnqueueAsync(
                    new Notify(voters, "question-closed", $"Decided: {question.Title}", body, $"/questions/{questionId}"),
                    options => options.Id($"closed-{questionId}-{voters[0]}"),
                    cancellationToken);
            }

            if (voters.Count < Notify.MaximumUsers)
            {
                return;
            }

            after = voters[^1];
        }
    }
}
