using Millrace.Jobs;

namespace Township.Modules.Voting;

/// <summary>Gives each question that is due a closing job, at most a thousand per run; the next run takes the rest.</summary>
internal sealed class CloseDueQuestionsHandler(QuestionStore store, VotingReads reads, JobClient jobs)
    : IJobHandler<CloseDueQuestions>
{
    public async Task HandleAsync(CloseDueQuestions job, JobContext context, CancellationToken cancellationToken)
    {
        foreach (var id in await store.DueAsync(reads.Now, 1000, cancellationToken))
        {
            await jobs.EnqueueAsync(new CloseQuestion(id), options => options.Id($"close-due-{id}"), cancellationToken);
        }
    }
}
