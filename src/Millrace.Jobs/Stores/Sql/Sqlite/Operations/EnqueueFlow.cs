namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.EnqueueFlowAsync"/>.</summary>
internal static class EnqueueFlow
{
    public static async ValueTask<EnqueueOutcome> RunAsync(WriteSession session, IReadOnlyList<NewJob> jobs, int maximumQueueLength)
    {
        var (added, existing, ids) = (new List<NewJob>(), new List<string>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var job in jobs)
        {
            if (await Enqueue.ExistsAsync(session, job.Id).ConfigureAwait(false) || !ids.Add(job.Id))
            {
                existing.Add(job.Id);
            }
            else
            {
                added.Add(job);
            }
        }

        foreach (var queue in added.GroupBy(static job => job.Queue, StringComparer.Ordinal))
        {
            if (await Enqueue.PendingAsync(session, queue.Key).ConfigureAwait(false) + queue.Count() > maximumQueueLength)
            {
                return new EnqueueOutcome { FullQueue = queue.Key };
            }
        }

        foreach (var job in added)
        {
            await JobTable.AddAsync(session, job).ConfigureAwait(false);
        }

        foreach (var job in added)
        {
            await LinkTable.LookAsync(session, job).ConfigureAwait(false);
        }

        return new EnqueueOutcome { Existing = existing };
    }
}
