namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>Refuses what this store does not keep yet: unique keys, and limits over all processes. Ignoring them would let run what must not.</summary>
internal static class Guards
{
    public static void Refuse(NewJob job)
    {
        if (job.Unique is not null)
        {
            throw new NotSupportedException("The PostgreSQL store does not keep unique keys yet (Unique, Debounce, Throttle). Enqueue with an Id, which is unique too, or keep these jobs in Redis or SQLite.");
        }
    }

    public static void Refuse(QueueCapacity queue)
    {
        if (queue is { MaximumRunning: not null } or { Rate: not null })
        {
            throw new NotSupportedException($"The PostgreSQL store does not keep limits over all processes yet. Take GlobalConcurrency and Rate out of the queue '{queue.Queue}', or keep its jobs in Redis or SQLite.");
        }
    }
}
