namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.EnqueueAsync"/>.</summary>
internal static class Enqueue
{
    private const string Pending = "SELECT scheduled + waiting FROM millrace_queue WHERE name = @name";

    private const string Exists = "SELECT 1 FROM millrace_job WHERE id = @id";

    public static async ValueTask<EnqueueOutcome> RunAsync(WriteSession session, IReadOnlyList<NewJob> jobs, int maximumQueueLength)
    {
        if (await FullQueueAsync(session, jobs, maximumQueueLength).ConfigureAwait(false) is { } full)
        {
            return new EnqueueOutcome { FullQueue = full };
        }

        var existing = new List<string>();
        foreach (var job in jobs)
        {
            if (!await JobTable.AddAsync(session, job).ConfigureAwait(false))
            {
                existing.Add(job.Id);
            }
        }

        return new EnqueueOutcome { Existing = existing };
    }

    public static async ValueTask<bool> ExistsAsync(SqlSession session, string id) =>
        await session.Statement(Exists).Set("@id", id).ScalarAsync().ConfigureAwait(false) is not null;

    public static async ValueTask<long> PendingAsync(SqlSession session, string queue) =>
        await session.Statement(Pending).Set("@name", queue).ScalarAsync().ConfigureAwait(false) as long? ?? 0;

    private static async ValueTask<string?> FullQueueAsync(SqlSession session, IReadOnlyList<NewJob> jobs, int maximumQueueLength)
    {
        // First as if every job were new; only when that is too many, look which are.
        var queue = jobs[0].Queue;
        var room = maximumQueueLength - await PendingAsync(session, queue).ConfigureAwait(false);
        if (jobs.Count <= room)
        {
            return null;
        }

        var added = 0;
        foreach (var job in jobs.DistinctBy(static job => job.Id, StringComparer.Ordinal))
        {
            added += await ExistsAsync(session, job.Id).ConfigureAwait(false) ? 0 : 1;
        }

        return added > Math.Max(room, 0) ? queue : null;
    }
}
