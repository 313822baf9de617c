using Millrace.JobLoad.Roles;
using Quartz;

namespace Millrace.JobLoad.Floors;

/// <summary>Quartz's job that does nothing but count.</summary>
internal sealed class QuartzJob(WorkLog log) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        log.Start();
        return ValueTask.CompletedTask;
    }
}
