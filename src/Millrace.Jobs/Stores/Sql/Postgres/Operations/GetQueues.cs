namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.GetQueuesAsync"/>: from the counts and their changes; running jobs, of which there are as many as workers run, from their index.</summary>
internal static class GetQueues
{
    private const string Select = $"""
        SELECT a.queue, bool_or(a.paused), greatest(sum(a.scheduled), 0)::bigint, greatest(sum(a.retrying), 0)::bigint, greatest(sum(a.waiting), 0)::bigint,
          sum(a.running)::bigint, greatest(sum(a.completed), 0)::bigint, greatest(sum(a.dead), 0)::bigint, greatest(sum(a.cancelled), 0)::bigint,
          greatest(sum(a.blocked), 0)::bigint
        FROM (
          SELECT c.queue, false AS paused, c.scheduled, c.retrying, c.waiting, 0 AS running, c.completed, c.dead, c.cancelled, c.blocked FROM {QueueChange.All} c
          UNION ALL SELECT name, true, 0, 0, 0, 0, 0, 0, 0, 0 FROM millrace.queue WHERE paused
          UNION ALL SELECT queue, false, 0, 0, 0, 1, 0, 0, 0, 0 FROM millrace.job WHERE worker IS NOT NULL) a
        GROUP BY a.queue
        ORDER BY a.queue COLLATE "C"
        """;

    public static async ValueTask<IReadOnlyList<QueueStatus>> RunAsync(PostgresSession session, CancellationToken cancellationToken)
    {
        var queues = new List<QueueStatus>();
        var batch = session.Batch();
        batch.Add(Select, queues, Read);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        queues.RemoveAll(static queue => queue is { Paused: false, Waiting: 0, Delayed: 0, Retrying: 0, Running: 0, Completed: 0, Dead: 0, Cancelled: 0, Blocked: 0 });
        queues.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return queues;
    }

    private static QueueStatus Read(SqlRow row)
    {
        var (scheduled, retrying) = (Count(row, 2), Count(row, 3));
        return new QueueStatus
        {
            Name = row.Text(0, JobLimits.MaximumNameLength),
            Paused = row.Flag(1),
            Delayed = Math.Max(scheduled - retrying, 0),
            Retrying = retrying,
            Waiting = Count(row, 4),
            Running = Count(row, 5),
            Completed = Count(row, 6),
            Dead = Count(row, 7),
            Cancelled = Count(row, 8),
            Blocked = Count(row, 9),
        };
    }

    private static long Count(SqlRow row, int column) => row.IsNull(column) ? 0 : row.Number(column, 0);
}
