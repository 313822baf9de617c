using Millrace.Jobs;

namespace Township.Modules.Voting;

/// <summary>Closing is one statement that succeeds once, so a repeated run ends nothing twice; the jobs it hands on carry ids.</summary>
internal sealed class CloseQuestionHandler(VotingWrites writes, QuestionEnd end) : IJobHandler<CloseQuestion>
{
    public async Task HandleAsync(CloseQuestion job, JobContext context, CancellationToken cancellationToken)
    {
        await writes.CloseAsync(job.QuestionId, cancellationToken);
        await end.TellAsync(job.QuestionId, cancellationToken);
    }
}
