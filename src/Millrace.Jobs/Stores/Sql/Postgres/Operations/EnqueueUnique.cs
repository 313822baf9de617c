namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.EnqueueAsync"/> of jobs some of which have unique keys, within a transaction:
/// 1. look: which ids are taken, who holds the keys, how much room there is;
/// 2. decide job by job, as the memory store does;
/// 3. take the keys and store the jobs, in one statement that does nothing when a key was taken meanwhile. Then all is done again.</summary>
/// <remarks>Those who enqueue with keys take turns, queue by queue, so step 3 meets only those who do not: replays, single jobs without keys, and who enqueues in
/// a transaction of its own.</remarks>
internal static class EnqueueUnique
{
    private const int MaximumAttempts = 20;

    private const string IsHeld = "u.queue = @queue AND u.key = ANY (@keys) AND (u.ends_at IS NULL OR u.ends_at > millrace.clock(@now))";

    // Holders that may take over what others bring must not start meanwhile. One that runs is passed over.
    private const string LockHolders = $"""
        SELECT j.id FROM millrace.job j
        WHERE j.id = ANY (ARRAY(SELECT u.job FROM millrace.unique_key u WHERE {IsHeld})) AND j.state < 2
        ORDER BY j.id FOR UPDATE
        """;

    private const string Holders = $"SELECT u.key, u.job FROM millrace.unique_key u WHERE {IsHeld}";

    private const string Known = "SELECT id FROM millrace.job WHERE id = ANY (@ids)";

    private const string Room = $"SELECT {Enqueue.Pending}::bigint";

    private const string Insert = $"""
        WITH held AS (
          INSERT INTO millrace.unique_key AS u (queue, key, job, ends_at)
          SELECT @queue, k.key, k.job, millrace.clock(@now) + k.period FROM unnest(@keys, @holders, @periods) AS k(key, job, period) ORDER BY k.key COLLATE "C"
          ON CONFLICT (queue, key) DO UPDATE SET job = excluded.job, ends_at = excluded.ends_at WHERE u.ends_at <= millrace.clock(@now)
          RETURNING 1),
        room AS MATERIALIZED (SELECT count(*) = cardinality(@keys) AS fits FROM held),
        added AS (
          INSERT INTO millrace.job ({Enqueue.Columns}, unique_key, unique_until)
          SELECT {Enqueue.Values}, a.unique_key, a.unique_until
          FROM (
            SELECT u.*, {Enqueue.DueAt}
            FROM unnest(@ids, @types, @priorities, @max_attempts, @timeouts, @tags, @metadata, @schedules, @delays, @ats, @payloads, @groups, @unique_keys, @unique_untils)
              WITH ORDINALITY AS u(id, type, priority, max_attempts, timeout_ticks, tags, metadata, schedule, delay, at, payload, job_group, unique_key, unique_until, number)
            WHERE (SELECT fits FROM room)) a
          ORDER BY a.number
          ON CONFLICT (id) DO NOTHING
          RETURNING id, state, sequence, tags),
        {Enqueue.Tag},
        moves AS (SELECT @queue AS queue, state, 0 AS attempt, 1 AS number FROM added),
        counted AS ({QueueChange.Insert})
        SELECT fits AND (SELECT count(*) FROM added) = cardinality(@ids) FROM room
        """;

    private const string Replace = $"""
        WITH before AS MATERIALIZED (SELECT id, state FROM millrace.job WHERE id = ANY (@ids) AND state < 2 AND started_at IS NULL),
        replaced AS (
          UPDATE millrace.job j
          SET payload = r.payload, metadata = r.metadata::json, due_at = r.due_at, state = CASE WHEN r.due_at > millrace.clock(@now) THEN 0 ELSE 1 END
          FROM (SELECT u.*, {Enqueue.DueAt} FROM unnest(@ids, @metadata, @delays, @ats, @payloads) AS u(id, metadata, delay, at, payload)) r
          WHERE j.id = r.id AND j.state < 2 AND j.started_at IS NULL
          RETURNING j.state),
        moves AS (SELECT @queue AS queue, state, 0 AS attempt, -1 AS number FROM before UNION ALL SELECT @queue, state, 0, 1 FROM replaced)
        {QueueChange.Insert}
        """;

    /// <param name="session">The session, whose transaction has begun.</param>
    /// <param name="turn">Whether to keep others from the queue's bound and its keys until the transaction ends.</param>
    /// <param name="now">The store's clock; null is the server's.</param>
    /// <param name="jobs">Jobs of one queue.</param>
    /// <param name="maximum">The queue's bound.</param>
    /// <param name="more">Adds what goes with it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask<EnqueueAnswer> RunAsync(
        PostgresSession session, bool turn, long? now, IReadOnlyList<NewJob> jobs, int maximum, Action<PostgresBatch>? more, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaximumAttempts; attempt++)
        {
            // 1. Look.
            await session.SaveAsync(cancellationToken).ConfigureAwait(false);
            var (plan, pending) = await LookAsync(session, turn, now, jobs, cancellationToken).ConfigureAwait(false);

            // 2. Decide.
            for (var i = 0; i < jobs.Count; i++)
            {
                plan.Add(i, jobs[i]);
            }

            if (plan.Added.Count > 0 && pending + plan.Added.Count > maximum)
            {
                return new EnqueueAnswer { IsFull = true };
            }

            // 3. Store.
            if (await StoreAsync(session, now, plan, jobs[0].Queue, more, cancellationToken).ConfigureAwait(false))
            {
                return plan.Answer();
            }

            await session.UndoAsync(cancellationToken).ConfigureAwait(false);
        }

        throw new InvalidOperationException(
            $"The enqueue was given up: {MaximumAttempts} times others took a unique key or an id of these jobs in queue '{jobs[0].Queue}' while it was about to. Nothing was stored; do it again later.");
    }

    private static async ValueTask<(UniquePlan Plan, long Pending)> LookAsync(
        PostgresSession session, bool turn, long? now, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        var (plan, pending) = (new UniquePlan(jobs.Count), 0L);
        var (queue, keys) = (jobs[0].Queue, Keys(jobs.Where(static job => job.Unique is not null)));
        var batch = session.Batch();
        if (turn)
        {
            batch.Add(Enqueue.TakeTurn, static _ => { }).Set("@queue", queue);
        }

        if (Keys(jobs.Where(static job => job.Unique is { Replace: true })) is { Length: > 0 } replacing)
        {
            batch.Add(LockHolders, static _ => { }).Set("@queue", queue).Set("@keys", replacing).Set("@now", now);
        }

        batch.Add(Holders, row => plan.Hold(row.Text(0, JobLimits.MaximumUniqueKeyLength), row.Text(1, JobLimits.MaximumIdLength)))
            .Set("@queue", queue).Set("@keys", keys).Set("@now", now);
        batch.Add(Known, row => plan.Know(row.Text(0, JobLimits.MaximumIdLength))).Set("@ids", Enqueue.Column(jobs, static job => job.Id));
        batch.Add(Room, row => pending = row.Number(0)).Set("@queue", queue);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return (plan, pending);
    }

    /// <summary>False when a key or an id was taken since the look.</summary>
    private static async ValueTask<bool> StoreAsync(
        PostgresSession session, long? now, UniquePlan plan, string queue, Action<PostgresBatch>? more, CancellationToken cancellationToken)
    {
        var stored = true;
        var batch = session.Batch();
        if (plan.Added is { Count: > 0 } added)
        {
            var keyed = added.FindAll(static job => job.Unique is not null);
            Enqueue.Set(batch.Add(Insert, row => stored = row.Flag(0)), added)
                .Set("@unique_keys", Enqueue.Column(added, static job => job.Unique?.Key))
                .Set("@unique_untils", Enqueue.Column(added, static job => (short?)job.Unique?.Until))
                .Set("@keys", Enqueue.Column(keyed, static job => job.Unique!.Key))
                .Set("@holders", Enqueue.Column(keyed, static job => job.Id))
                .Set("@periods", Enqueue.Column(keyed, static job => job.Unique is { Until: UniqueUntil.Elapsed, Period: var period } ? SqlTime.RoundUp(period) : (long?)null))
                .Set("@queue", queue)
                .Set("@now", now);
        }

        if (plan.Replaced is { Count: > 0 } replaced)
        {
            var news = replaced.Values.ToList();
            batch.Add(Replace)
                .Set("@ids", replaced.Keys.ToArray())
                .Set("@metadata", Enqueue.Column(news, static job => SqlValue.Json(job.Metadata)))
                .Set("@delays", Enqueue.Column(news, static job => SqlTime.RoundUp(job.Delay ?? TimeSpan.Zero)))
                .Set("@ats", Enqueue.Column(news, static job => job.At is { } at ? SqlTime.RoundUp(at) : (long?)null))
                .Set("@payloads", Enqueue.Column(news, static job => SqlValue.Bytes(job.Payload)))
                .Set("@queue", queue)
                .Set("@now", now);
        }

        if (plan.ChangesAnything)
        {
            more?.Invoke(batch);
            await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        }

        return stored;
    }

    private static string[] Keys(IEnumerable<NewJob> jobs) => [.. jobs.Select(static job => job.Unique!.Key).Distinct(StringComparer.Ordinal)];
}
