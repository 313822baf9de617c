namespace Millrace.Jobs.Tests;

public sealed class WorkHandler(Script script) : IJobHandler<Work>
{
    public Task HandleAsync(Work job, JobContext context, CancellationToken cancellationToken) => script.Run(job, context, cancellationToken);
}
