namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.EnqueueAsync"/>.</summary>
internal static class Enqueue
{
    private const string Pending = "SELECT scheduled + waiting + blocked FROM millrace_queue WHERE name = @name";

    private const string Exists = "SELECT 1 FROM millrace_job WHERE id = @id";

    public static async ValueTask<EnqueueOutcome> RunAsync(WriteSession session, IReadOnlyList<NewJob> jobs, int maximumQueueLength)
    {
        if (await FullQueueAsync(session, jobs, maximumQueueLength).ConfigureAwait(false) is { } full)
        {
            return new EnqueueOutcome { FullQueue = full };
        }

        var existing = new List<string>();
        var holders = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var job in jobs)
        {
            if (await HolderAsync(session, job).ConfigureAwait(false) is { } holder)
            {
                existing.Add(job.Id);
                holders[job.Id] = holder;
                if (job.Unique!.Replace)
                {
                    await JobTable.ReplaceAsync(session, holder, job).ConfigureAwait(false);
                }
            }
            else if (!await JobTable.AddAsync(session, job).ConfigureAwait(false))
            {
                existing.Add(job.Id);
            }
        }

        return new EnqueueOutcome { Existing = existing, Holders = holders };
    }

    /// <summary>The job that keeps a new one out by its unique key; null when none does, or when its id is taken.</summary>
    private static async ValueTask<string?> HolderAsync(WriteSession session, NewJob job) =>
        job.Unique is null || await ExistsAsync(session, job.Id).ConfigureAwait(false)
            ? null
            : await UniqueTable.FindAsync(session, job.Queue, job.Unique.Key).ConfigureAwait(false);

    public static async ValueTask<bool> ExistsAsync(SqlSession session, string id) =>
        await session.Statement(Exists).Set("@id", id).ScalarAsync().ConfigureAwait(false) is not null;

    public static async ValueTask<long> PendingAsync(SqlSession session, string queue) =>
        await session.Statement(Pending).Set("@name", queue).ScalarAsync().ConfigureAwait(false) as long? ?? 0;

    private static async ValueTask<string?> FullQueueAsync(WriteSession session, IReadOnlyList<NewJob> jobs, int maximumQueueLength)
    {
        // First as if every job were new; only when that is too many, look which are.
        var queue = jobs[0].Queue;
        var room = maximumQueueLength - await PendingAsync(session, queue).ConfigureAwait(false);
        if (jobs.Count <= room)
        {
            return null;
        }

        var added = 0;
        var (ids, keys) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var job in jobs)
        {
            var isNew = !ids.Contains(job.Id) && !await ExistsAsync(session, job.Id).ConfigureAwait(false)
                && await HolderAsync(session, job).ConfigureAwait(false) is null && (job.Unique is null || keys.Add(job.Unique.Key));
            added += isNew && ids.Add(job.Id) ? 1 : 0;
        }

        return added > Math.Max(room, 0) ? queue : null;
    }
}
