namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>How operations keep the counts of queues in step: each adds one row for each queue that it changed. Nobody waits for anybody
/// else's; see <see cref="Operations.Compact"/> for what becomes of them.</summary>
internal static class QueueChange
{
    /// <summary>Takes note of the rows of a table expression <c>moves (queue, state, attempt, number)</c>: so many jobs came into a state, or with a
    /// number below zero left it. Running jobs are not counted.</summary>
    public const string Insert = """
        INSERT INTO millrace.queue_change (queue, scheduled, retrying, waiting, completed, dead, cancelled, blocked)
        SELECT queue, sum(number) FILTER (WHERE state = 0), sum(number) FILTER (WHERE state = 0 AND attempt > 0), sum(number) FILTER (WHERE state = 1),
          sum(number) FILTER (WHERE state = 3), sum(number) FILTER (WHERE state = 4), sum(number) FILTER (WHERE state = 5),
          sum(number) FILTER (WHERE state = 6)
        FROM moves WHERE state <> 2 GROUP BY queue
        """;

    /// <summary>The counts of all queues as a table expression, several rows a queue.</summary>
    public const string All = """
        (SELECT name AS queue, scheduled, retrying, waiting, completed, dead, cancelled, blocked FROM millrace.queue
         UNION ALL SELECT queue, scheduled, retrying, waiting, completed, dead, cancelled, blocked FROM millrace.queue_change)
        """;
}
