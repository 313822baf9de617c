namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.ReplayAsync"/>.</summary>
internal static class Replay
{
    private const string Lock = "SELECT id FROM millrace.job WHERE id = ANY (@ids) AND state = 4 ORDER BY id FOR UPDATE";

    // A job whose key another one holds by now stays dead, and of two with one key the second. What was held for a time does not matter any more.
    private const string Update = $"""
        WITH keyed AS MATERIALIZED (
          SELECT DISTINCT ON (j.queue, j.unique_key) j.queue, j.unique_key, j.id
          FROM unnest(@ids) WITH ORDINALITY AS a(id, number) JOIN millrace.job j ON j.id = a.id
          WHERE j.state = 4 AND j.unique_until < 2
          ORDER BY j.queue, j.unique_key, a.number),
        held AS (
          INSERT INTO millrace.unique_key AS u (queue, key, job)
          SELECT queue, unique_key, id FROM keyed ORDER BY queue, unique_key
          ON CONFLICT (queue, key) DO UPDATE SET job = excluded.job, ends_at = NULL WHERE u.ends_at <= millrace.clock(@now)
          RETURNING job),
        replayed AS (
          UPDATE millrace.job
          SET state = 1, priority = least(priority + @raise, {MaximumPriority}), attempt = 0, due_at = millrace.clock(@now), finished_at = NULL
          WHERE id = ANY (@ids) AND state = 4 AND (unique_until IS NULL OR unique_until = 2 OR id IN (SELECT job FROM held))
          RETURNING id, queue),
        moves AS (SELECT queue, 4 AS state, 0 AS attempt, -1 AS number FROM replayed UNION ALL SELECT queue, 1, 0, 1 FROM replayed),
        counted AS ({QueueChange.Insert})
        SELECT id, queue FROM replayed
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
        batch.Add(Lock, static _ => { }).Set("@ids", ids.ToArray());
        batch.Add(Update, Read).Set("@ids", ids.ToArray()).Set("@raise", priorityRaise).Set("@now", now);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return [.. ids.Where(replayed.Remove)];

        void Read(SqlRow row)
        {
            replayed.Add(row.Text(0, JobLimits.MaximumIdLength));
            queues.Add(row.Text(1, JobLimits.MaximumNameLength));
        }
    }
}
