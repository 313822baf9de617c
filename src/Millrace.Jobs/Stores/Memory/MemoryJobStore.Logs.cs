namespace Millrace.Jobs.Stores.Memory;

/// <summary>What jobs have logged.</summary>
internal sealed partial class MemoryJobStore
{
    public override ValueTask<bool> AppendLogAsync(JobRun run, string text, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var owns = Owns(run, out var job);
            if (owns)
            {
                job!.Log.Enqueue(new JobLogLine(Now, text));
                if (job.Log.Count > JobLimits.MaximumLogLines)
                {
                    job.Log.Dequeue();
                }
            }

            return ValueTask.FromResult(owns);
        }
    }

    public override ValueTask<IReadOnlyList<JobLogLine>> GetLogAsync(string id, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<JobLogLine>>(_book.TryGet(id, out var job) ? [.. job.Log] : []);
        }
    }
}
