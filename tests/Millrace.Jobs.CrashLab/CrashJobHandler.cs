namespace Millrace.Jobs.CrashLab;

/// <summary>Does what the job says, and prints when it begins and when it ends, however it ends.</summary>
internal sealed class CrashJobHandler : IJobHandler<CrashJob>
{
    public async Task HandleAsync(CrashJob job, JobContext context, CancellationToken cancellationToken)
    {
        Lines.Print($"begin {context.Id} {context.Attempt} {context.FencingToken} {Lines.Now}");
        try
        {
            if (job.Poison)
            {
                await KillPoint.DieAsync();
            }

            await context.ReportProgressAsync(50, "half", cancellationToken);
            await Task.Delay(TimeSpan.FromMilliseconds(job.Milliseconds), TimeProvider.System, cancellationToken);
            if (job.Number % 13 == 0)
            {
                throw new UnrecoverableJobException("fails for good");
            }

            if (job.Number % 7 == 0 && context.Attempt == 1)
            {
                throw new InvalidOperationException("fails at first");
            }
        }
        finally
        {
            Lines.Print($"done {context.Id} {context.FencingToken} {Lines.Now}");
        }
    }
}
