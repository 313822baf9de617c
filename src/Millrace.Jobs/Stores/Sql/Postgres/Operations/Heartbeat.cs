namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.HeartbeatAsync"/>.</summary>
internal static class Heartbeat
{
    // Locked, so that a sweep that looks at the same jobs either has taken them by now or sees the lease that is renewed before it.
    private const string Held = """
        SELECT id, queue, token, cancel_requested FROM millrace.job WHERE worker = @worker ORDER BY id FOR UPDATE
        """;

    private const string Release = $"""
        WITH released AS (
          UPDATE millrace.job j
          SET state = CASE WHEN j.cancel_requested THEN 5 ELSE 1 END,
              attempt = CASE WHEN j.cancel_requested THEN j.attempt ELSE j.attempt - 1 END,
              finished_at = CASE WHEN j.cancel_requested THEN millrace.clock(@now) END,
              worker = NULL, cancel_requested = false, token = 0
          WHERE j.worker = @worker AND (j.id, j.queue, j.token) NOT IN (SELECT r.id, r.queue, r.token FROM unnest(@ids, @queues, @tokens) AS r(id, queue, token))
          RETURNING j.id, j.queue, j.state, j.attempt, j.unique_key),
        leaving AS (SELECT queue, unique_key, id FROM released WHERE state = 5 AND unique_key IS NOT NULL),
        {UniqueKeys.Free},
        moves AS (SELECT queue, state, attempt, 1 AS number FROM released),
        counted AS ({QueueChange.Insert})
        SELECT DISTINCT queue FROM released
        """;

    /// <param name="session">The session.</param>
    /// <param name="now">The store's clock; null is the server's.</param>
    /// <param name="request">The request.</param>
    /// <param name="released">Gets the queues into which jobs were given back.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask<HeartbeatResult> RunAsync(
        PostgresSession session, long? now, HeartbeatRequest request, HashSet<string> released, CancellationToken cancellationToken)
    {
        var held = new Dictionary<JobRun, bool>();
        var batch = session.Batch();
        Lease.Add(batch, session, now, request.Worker, request.Lease);
        batch.Add(Held, row => held[new JobRun(row.Text(1, JobLimits.MaximumNameLength), row.Text(0, JobLimits.MaximumIdLength), row.Number(2))] = row.Flag(3))
            .Set("@worker", request.Worker.Id);
        batch.Add(Release, row => released.Add(row.Text(0, JobLimits.MaximumNameLength)))
            .Set("@worker", request.Worker.Id)
            .Set("@now", now)
            .Set("@ids", request.Runs.Select(static run => run.Id).ToArray())
            .Set("@queues", request.Runs.Select(static run => run.Queue).ToArray())
            .Set("@tokens", request.Runs.Select(static run => run.Token).ToArray());
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return new HeartbeatResult(
            [.. request.Runs.Where(run => held.TryGetValue(run, out var cancel) && cancel)],
            [.. request.Runs.Where(run => !held.ContainsKey(run))]);
    }
}
