namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.ReplayAsync"/>.</summary>
internal static class Replay
{
    private const string Lock = "SELECT id, queue FROM millrace.job WHERE id = ANY (@ids) AND state = 4 ORDER BY id FOR UPDATE";

    private const string Update = $"""
        WITH replayed AS (
          UPDATE millrace.job
          SET state = 1, priority = least(priority + @raise, {MaximumPriority}), attempt = 0, due_at = millrace.clock(@now), finished_at = NULL
          WHERE id = ANY (@ids) AND state = 4
          RETURNING queue),
        moves AS (SELECT queue, 4 AS state, 0 AS attempt, -1 AS number FROM replayed UNION ALL SELECT queue, 1, 0, 1 FROM replayed)
        {QueueChange.Insert}
        """;

    private const string MaximumPriority = "1000"; // JobLimits.MaximumPriority

    /// <param name="session">The session.</param>
    /// <param name="now">The store's clock; null is the server's.</param>
    /// <param name="ids">The jobs.</param>
    /// <param name="priorityRaise">Added to their priorities.</param>
    /// <param name="queues">Gets the queues of the jobs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask<IReadOnlyList<string>> RunAsync(
        PostgresSession session, long? now, IReadOnlyList<string> ids, int priorityRaise, HashSet<string> queues, CancellationToken cancellationToken)
    {
        var replayed = new HashSet<string>(StringComparer.Ordinal);
        var batch = session.Batch();
        batch.Add(Lock, Read).Set("@ids", ids.ToArray());
        batch.Add(Update).Set("@ids", ids.ToArray()).Set("@raise", priorityRaise).Set("@now", now);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return [.. ids.Where(replayed.Remove)];

        void Read(SqlRow row)
        {
            replayed.Add(row.Text(0, JobLimits.MaximumIdLength));
            queues.Add(row.Text(1, JobLimits.MaximumNameLength));
        }
    }
}
