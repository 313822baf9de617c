namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.SweepAsync"/>, in one transaction:
/// 1. take back the jobs of dead workers;
/// 2. forget dead workers and unique keys whose time is over, and add up the changes of counts;
/// 3. remove ended jobs that retention no longer keeps.</summary>
/// <remarks>Any number of stores may sweep at once. A sweep waits for nobody: it passes over rows that others have locked, which the next
/// one finds; and retention, which has to count, is one store's at a time.</remarks>
internal static class Sweep
{
    private const string IsAlive = "EXISTS (SELECT 1 FROM millrace.worker w WHERE w.id = j.worker AND w.lease_until > millrace.clock(@now))";

    // Locks first, and looks at the leases again afterwards: a heartbeat, which locks the same rows, has either been seen by then or will see what the sweep did.
    private const string Orphans = $"""
        SELECT j.id, j.worker FROM millrace.job j WHERE j.worker IS NOT NULL AND NOT {IsAlive}
        ORDER BY j.sequence LIMIT @limit FOR UPDATE SKIP LOCKED
        """;

    private const string Rescue = $"""
        WITH j AS (
          UPDATE millrace.job j
          SET state = CASE WHEN j.cancel_requested THEN 5 WHEN j.attempt < j.max_attempts THEN 1 ELSE 4 END,
              error = CASE WHEN j.cancel_requested THEN j.error ELSE o.error END,
              finished_at = CASE WHEN j.cancel_requested OR j.attempt >= j.max_attempts THEN millrace.clock(@now) END,
              worker = NULL, cancel_requested = false, token = 0
          FROM unnest(@ids, @errors) AS o(id, error)
          WHERE j.id = o.id AND j.state = 2 AND NOT {IsAlive}
          RETURNING j.*),
        leaving AS (SELECT queue, unique_key, id FROM j WHERE state >= 3 AND unique_key IS NOT NULL),
        {UniqueKeys.Free},
        moves AS (SELECT queue, state, attempt, 1 AS number FROM j),
        counted AS ({QueueChange.Insert})
        SELECT {JobRow.Columns}, j.payload FROM j
        """;

    private const string ForgetWorkers = """
        DELETE FROM millrace.worker
        WHERE ctid = ANY (ARRAY(
          SELECT w.ctid FROM millrace.worker w
          WHERE w.lease_until <= millrace.clock(@now)
            AND NOT EXISTS (SELECT 1 FROM millrace.worker o WHERE o.id = w.id AND o.lease_until > millrace.clock(@now))
            AND NOT EXISTS (SELECT 1 FROM millrace.job j WHERE j.worker = w.id)
          FOR UPDATE SKIP LOCKED))
        """;

    private const string ForgetKeys = """
        DELETE FROM millrace.unique_key
        WHERE ctid = ANY (ARRAY(SELECT u.ctid FROM millrace.unique_key u WHERE u.ends_at <= millrace.clock(@now) FOR UPDATE SKIP LOCKED))
        """;

    private const string ForgetGroups = "SELECT millrace.forget_groups(@now) IS NULL";

    private const string TakeTurn = "SELECT pg_try_advisory_xact_lock(hashtextextended('millrace.retain', 0))";

    // The oldest ended jobs of a state in order; those that break a bound are the first of them. One more than may be removed tells whether there is more.
    private const string Retain = $"""
        WITH kept AS MATERIALIZED (
          SELECT CASE @state WHEN 3 THEN coalesce(sum(completed), 0) WHEN 4 THEN coalesce(sum(dead), 0) ELSE coalesce(sum(cancelled), 0) END AS total FROM {QueueChange.All} c),
        oldest AS MATERIALIZED (
          SELECT o.id, row_number() OVER (ORDER BY o.finished_at, o.sequence) AS number, o.finished_at
          FROM (SELECT id, finished_at, sequence FROM millrace.job WHERE state >= 3 AND state = @state ORDER BY finished_at, sequence LIMIT @maximum + 1) o),
        surplus AS MATERIALIZED (
          SELECT id, number FROM oldest, kept
          WHERE kept.total - oldest.number >= @count OR oldest.finished_at < millrace.clock(@now) - @age),
        removed AS (
          DELETE FROM millrace.job
          WHERE ctid = ANY (ARRAY(
            SELECT j.ctid FROM surplus s JOIN millrace.job j ON j.id = s.id WHERE s.number <= @maximum AND j.state = @state FOR UPDATE OF j SKIP LOCKED))
          RETURNING queue, state, attempt, sequence, tags),
        untagged AS (
          DELETE FROM millrace.job_tag t USING (SELECT sequence, unnest(tags) AS tag FROM removed WHERE tags IS NOT NULL) r
          WHERE t.tag = r.tag AND t.sequence = r.sequence),
        moves AS (SELECT queue, state, attempt, -1 AS number FROM removed),
        counted AS ({QueueChange.Insert})
        SELECT (SELECT count(*) FROM removed), EXISTS (SELECT 1 FROM surplus WHERE number > @maximum)
        """;

    /// <param name="session">The session.</param>
    /// <param name="now">The store's clock; null is the server's.</param>
    /// <param name="request">The request.</param>
    /// <param name="describeLostWorker">The error of a job whose worker was lost.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask<SweepResult> RunAsync(
        PostgresSession session,
        long? now,
        SweepRequest request,
        Func<string, string> describeLostWorker,
        CancellationToken cancellationToken)
    {
        await session.BeginAsync(cancellationToken).ConfigureAwait(false);

        // 1. Dead workers' jobs.
        var (rescued, more) = await RescueAsync(session, now, request.MaximumJobs, describeLostWorker, cancellationToken).ConfigureAwait(false);

        // 2. Workers, keys and counts.
        var batch = session.Batch();
        var mine = false;
        batch.Add(ForgetWorkers).Set("@now", now);
        batch.Add(ForgetKeys).Set("@now", now);
        batch.Add(ForgetGroups, static _ => { }).Set("@now", now);
        Compact.AddAll(batch);
        batch.Add(TakeTurn, row => mine = row.Flag(0));
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);

        // 3. Retention.
        var removed = 0;
        if (mine)
        {
            batch = session.Batch();
            foreach (var (state, retention) in ((JobState, JobRetention)[])
                [(JobState.Completed, request.Completed), (JobState.Cancelled, request.Cancelled), (JobState.Dead, request.Dead)])
            {
                batch.Add(Retain, row => (removed, more) = (removed + row.Integer(0, 0, int.MaxValue), more || row.Flag(1)))
                    .Set("@state", (long)state)
                    .Set("@maximum", request.MaximumJobs)
                    .Set("@count", retention.Count)
                    .Set("@age", SqlTime.RoundUp(retention.Age))
                    .Set("@now", now);
            }

            await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        }

        await session.CommitAsync(cancellationToken).ConfigureAwait(false);
        return new SweepResult { Rescued = rescued, Removed = removed, More = more };
    }

    private static async ValueTask<(IReadOnlyList<JobRecord> Rescued, bool More)> RescueAsync(
        PostgresSession session, long? now, int maximum, Func<string, string> describeLostWorker, CancellationToken cancellationToken)
    {
        var orphans = new List<(string Id, string Worker)>();
        var batch = session.Batch();
        batch.Add(Orphans, orphans, static row => (row.Text(0, JobLimits.MaximumIdLength), row.Text(1, JobLimits.MaximumNameLength)))
            .Set("@now", now)
            .Set("@limit", maximum + 1L);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        if (orphans.Count == 0)
        {
            return ([], false);
        }

        var taken = orphans.Take(maximum).ToArray();
        var rescued = new List<SqlJob>();
        batch = session.Batch();
        batch.Add(Rescue, rescued, JobRow.Read)
            .Set("@now", now)
            .Set("@ids", Array.ConvertAll(taken, static orphan => orphan.Id))
            .Set("@errors", Array.ConvertAll(taken, orphan => PostgresValue.Text(describeLostWorker(orphan.Worker))));
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        rescued.Sort(static (a, b) => a.Sequence.CompareTo(b.Sequence));
        return (rescued.ConvertAll(static job => job.Record), orphans.Count > maximum);
    }
}
