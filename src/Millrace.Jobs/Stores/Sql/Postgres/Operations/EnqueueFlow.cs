namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.EnqueueFlowAsync"/>, in one transaction:
/// 1. take turns with others that enqueue in these queues;
/// 2. look which jobs are new, and whether there is room;
/// 3. store the jobs and what they wait for;
/// 4. mark the jobs that are waited for, so that whoever ends one knows; of those that have ended, or are not there, write the end.</summary>
internal static class EnqueueFlow
{
    private const string Known = "SELECT id FROM millrace.job WHERE id = ANY (@ids)";

    private const string Room = $"SELECT {Enqueue.Pending}::bigint";

    private const string Insert = $"""
        WITH added AS (
          INSERT INTO millrace.job (id, queue, type, state, priority, max_attempts, timeout_ticks, tags, metadata, schedule, created_at, due_at, payload, job_group, waits)
          SELECT a.id, a.queue, a.type, CASE WHEN a.waits THEN 6 WHEN a.due_at > millrace.clock(@now) THEN 0 ELSE 1 END, a.priority, a.max_attempts, a.timeout_ticks,
            CASE WHEN a.tags IS NOT NULL THEN ARRAY(SELECT json_array_elements_text(a.tags::json)) END, a.metadata::json, a.schedule,
            millrace.clock(@now), CASE WHEN a.waits THEN millrace.clock(@now) ELSE a.due_at END, a.payload, a.job_group, a.waits
          FROM (
            SELECT u.*, {Enqueue.DueAt}
            FROM unnest(@ids, @types, @priorities, @max_attempts, @timeouts, @tags, @metadata, @schedules, @delays, @ats, @payloads, @groups, @queues, @waits)
              WITH ORDINALITY AS u(id, type, priority, max_attempts, timeout_ticks, tags, metadata, schedule, delay, at, payload, job_group, queue, waits, number)) a
          ORDER BY a.number
          RETURNING id, queue, state, sequence, tags),
        {Enqueue.Tag},
        moves AS (SELECT queue, state, 0 AS attempt, 1 AS number FROM added)
        {QueueChange.Insert}
        """;

    private const string InsertWaits = """
        INSERT INTO millrace.wait (job, condition, delay, at, open)
        SELECT * FROM unnest(@ids, @conditions, @delays, @ats, @counts) AS w(job, condition, delay, at, open)
        """;

    private const string InsertLinks = """
        INSERT INTO millrace.link (job, position, queue, id) SELECT * FROM unnest(@jobs, @positions, @queues, @ids) AS l(job, position, queue, id)
        """;

    private const string Lock = "SELECT id FROM millrace.job WHERE id = ANY (@ids) ORDER BY id FOR UPDATE";

    private const string Mark = """
        WITH before AS (SELECT DISTINCT b.queue, b.id FROM unnest(@queues, @ids) AS b(queue, id)),
        marked AS (
          UPDATE millrace.job j SET awaited = true FROM before b WHERE j.id = b.id AND j.queue = b.queue
          RETURNING j.queue, j.id, j.state, j.result)
        INSERT INTO millrace.link_end (queue, id, ended, result)
        SELECT queue, id, state, CASE WHEN state = 3 THEN result END FROM marked WHERE state IN (3, 4, 5)
        UNION ALL SELECT b.queue, b.id, 5, NULL FROM before b WHERE NOT EXISTS (SELECT 1 FROM marked m WHERE m.id = b.id AND m.queue = b.queue)
        """;

    public static async ValueTask<EnqueueOutcome> RunAsync(PostgresSession session, long? now, IReadOnlyList<NewJob> jobs, int maximum, CancellationToken cancellationToken)
    {
        await session.BeginAsync(cancellationToken).ConfigureAwait(false);
        var outcome = await RunWithinAsync(session, turn: true, now, jobs, maximum, cancellationToken).ConfigureAwait(false);
        await session.CommitAsync(cancellationToken).ConfigureAwait(false);
        return outcome;
    }

    /// <summary>Enqueues as a part of a longer transaction.</summary>
    /// <param name="session">The session, whose transaction has begun.</param>
    /// <param name="turn">Whether to keep others from the queues' bounds, and from these ids, until the transaction ends.</param>
    /// <param name="now">The store's clock; null is the server's.</param>
    /// <param name="jobs">The jobs.</param>
    /// <param name="maximum">The queues' bound.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask<EnqueueOutcome> RunWithinAsync(
        PostgresSession session, bool turn, long? now, IReadOnlyList<NewJob> jobs, int maximum, CancellationToken cancellationToken)
    {
        // 1. and 2.
        var queues = jobs.Select(static job => job.Queue).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        var (known, pending) = (new HashSet<string>(StringComparer.Ordinal), new Dictionary<string, long>(StringComparer.Ordinal));
        var batch = session.Batch();
        foreach (var queue in turn ? queues : [])
        {
            batch.Add(Enqueue.TakeTurn, static _ => { }).Set("@queue", queue);
        }

        batch.Add(Known, row => known.Add(row.Text(0, JobLimits.MaximumIdLength))).Set("@ids", Enqueue.Column(jobs, static job => job.Id));
        foreach (var queue in queues)
        {
            batch.Add(Room, row => pending[queue] = row.Number(0)).Set("@queue", queue);
        }

        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        var (added, existing) = (new List<NewJob>(), new List<string>());
        foreach (var job in jobs)
        {
            if (known.Add(job.Id))
            {
                added.Add(job);
            }
            else
            {
                existing.Add(job.Id);
            }
        }

        var full = added.CountBy(static job => job.Queue, StringComparer.Ordinal).FirstOrDefault(queue => pending[queue.Key] + queue.Value > maximum).Key;

        // 3. and 4.
        if (full is null && added.Count > 0)
        {
            await StoreAsync(session, now, added, cancellationToken).ConfigureAwait(false);
        }

        return full is null ? new EnqueueOutcome { Existing = existing } : new EnqueueOutcome { FullQueue = full };
    }

    private static ValueTask StoreAsync(PostgresSession session, long? now, List<NewJob> jobs, CancellationToken cancellationToken)
    {
        var batch = session.Batch();
        Enqueue.Set(batch.Add(Insert), jobs)
            .Set("@queues", Enqueue.Column(jobs, static job => job.Queue))
            .Set("@waits", Enqueue.Column(jobs, static job => job.After.Count > 0))
            .Set("@now", now);
        var waiting = jobs.FindAll(static job => job.After.Count > 0);
        if (waiting.Count > 0)
        {
            var links = waiting.SelectMany(static job => job.After.Select((other, position) => (Job: job.Id, Position: position, Other: other))).ToArray();
            var (queues, ids) = (Array.ConvertAll(links, static link => link.Other.Queue), Array.ConvertAll(links, static link => link.Other.Id));
            batch.Add(InsertWaits)
                .Set("@ids", Enqueue.Column(waiting, static job => job.Id))
                .Set("@conditions", Enqueue.Column(waiting, static job => (short)job.Condition))
                .Set("@delays", Enqueue.Column(waiting, static job => SqlTime.RoundUp(job.Delay ?? TimeSpan.Zero)))
                .Set("@ats", Enqueue.Column(waiting, static job => job.At is { } at ? SqlTime.RoundUp(at) : (long?)null))
                .Set("@counts", Enqueue.Column(waiting, static job => job.After.Count));
            batch.Add(InsertLinks)
                .Set("@jobs", Array.ConvertAll(links, static link => link.Job))
                .Set("@positions", Array.ConvertAll(links, static link => link.Position))
                .Set("@queues", queues)
                .Set("@ids", ids);
            batch.Add(Lock, static _ => { }).Set("@ids", ids);
            batch.Add(Mark).Set("@queues", queues).Set("@ids", ids);
        }

        return batch.RunAsync(cancellationToken);
    }
}
