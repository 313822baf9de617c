using Millrace.Jobs;

namespace Millrace.JobLoad.Roles;

/// <summary>The handler that does nothing but count.</summary>
internal sealed class WorkHandler(WorkLog log) : IJobHandler<Work>
{
    public Task HandleAsync(Work job, JobContext context, CancellationToken cancellationToken)
    {
        log.Start();
        return Task.CompletedTask;
    }
}
