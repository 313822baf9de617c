namespace Millrace.Jobs.CrashLab;

/// <summary>Completes; but every seventh job fails at its first attempt, and every thirteenth for good.</summary>
internal sealed class CrashJobHandler : IJobHandler<CrashJob>
{
    public async Task HandleAsync(CrashJob job, JobContext context, CancellationToken cancellationToken)
    {
        Console.WriteLine($"run {context.Id} {context.Attempt}");
        await context.ReportProgressAsync(50, "half", cancellationToken);
        if (job.Number % 13 == 0)
        {
            throw new UnrecoverableJobException("fails for good");
        }

        if (job.Number % 7 == 0 && context.Attempt == 1)
        {
            throw new InvalidOperationException("fails at first");
        }
    }
}
