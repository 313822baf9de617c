namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary>Adds up the changes of queues' counts, so that they stay few. One store at a time does so; the others leave it to that one.</summary>
internal static class Compact
{
    /// <summary>Goes with every so many of a store's operations that change counts; and with every sweep.</summary>
    public const int Interval = 50;

    private const string Changes = """
        WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtextextended('millrace.compact', 0)) AS mine),
        changes AS (DELETE FROM millrace.queue_change WHERE (SELECT mine FROM turn) RETURNING *)
        INSERT INTO millrace.queue AS q (name, scheduled, retrying, waiting, completed, dead, cancelled, blocked)
        SELECT queue, coalesce(sum(scheduled), 0), coalesce(sum(retrying), 0), coalesce(sum(waiting), 0),
          coalesce(sum(completed), 0), coalesce(sum(dead), 0), coalesce(sum(cancelled), 0), coalesce(sum(blocked), 0)
        FROM changes GROUP BY queue ORDER BY queue
        ON CONFLICT (name) DO UPDATE
        SET scheduled = q.scheduled + excluded.scheduled, retrying = q.retrying + excluded.retrying, waiting = q.waiting + excluded.waiting,
            completed = q.completed + excluded.completed, dead = q.dead + excluded.dead, cancelled = q.cancelled + excluded.cancelled, blocked = q.blocked + excluded.blocked
        """;

    private const string ForgetQueues = """
        DELETE FROM millrace.queue
        WHERE NOT paused AND scheduled = 0 AND waiting = 0 AND completed = 0 AND dead = 0 AND cancelled = 0 AND blocked = 0
          AND pg_try_advisory_xact_lock(hashtextextended('millrace.compact', 0))
        """;

    /// <summary>Adds the statement to an operation, as its last.</summary>
    public static void Add(PostgresBatch batch) => batch.Add(Changes);

    /// <summary>The same, and forgets queues that hold nothing.</summary>
    public static void AddAll(PostgresBatch batch)
    {
        batch.Add(Changes);
        batch.Add(ForgetQueues);
    }
}
