using Millrace.Jobs;

namespace Millrace.JobLoad.Roles;

/// <summary>The handler that notes how long its job took to get there.</summary>
internal sealed class StampedWorkHandler(WorkLog log) : IJobHandler<Work>
{
    public Task HandleAsync(Work job, JobContext context, CancellationToken cancellationToken)
    {
        log.Start(job.At);
        return Task.CompletedTask;
    }
}
