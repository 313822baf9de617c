namespace Millrace.Jobs.Tests;

/// <summary>What a <see cref="Work"/> does.</summary>
public sealed class Script
{
    public Func<Work, JobContext, CancellationToken, Task> Run { get; set; } = static (_, _, _) => Task.CompletedTask;
}
