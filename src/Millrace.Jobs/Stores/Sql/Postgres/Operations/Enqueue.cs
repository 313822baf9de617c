namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.EnqueueAsync"/>: any number of jobs of one queue in one statement.</summary>
/// <remarks>The bound of a queue is looked at without a lock while the queue is more than <see cref="Margin"/> jobs away from it. Nearer to it, those
/// who enqueue take turns, so that together they stay within the bound. Who enqueues within a transaction of its own takes no turn, which
/// could be a long one: it sees what is committed.</remarks>
internal static class Enqueue
{
    /// <summary>Those who enqueue at one moment bring fewer jobs than this.</summary>
    public const int Margin = 10 * JobLimits.MaximumEnqueueBatch;

    /// <summary>How many jobs of the queue are pending.</summary>
    public const string Pending = $"(SELECT coalesce(sum(coalesce(c.scheduled, 0) + coalesce(c.waiting, 0) + coalesce(c.blocked, 0)), 0) FROM {QueueChange.All} c WHERE c.queue = @queue)";

    // As if every job were new; with the margin, because others may be at it too.
    private const string Roomy = $"room AS MATERIALIZED (SELECT {Pending} + cardinality(@ids) + @margin <= @maximum AS fits)";

    // Exactly: jobs that are there already need no room.
    private const string Exact = $"""
        fresh AS MATERIALIZED (SELECT count(DISTINCT f.id) AS number FROM unnest(@ids) AS f(id) WHERE NOT EXISTS (SELECT 1 FROM millrace.job j WHERE j.id = f.id)),
        room AS MATERIALIZED (SELECT fresh.number = 0 OR {Pending} + fresh.number <= @maximum AS fits FROM fresh)
        """;

    /// <summary>The columns of a new job, but for its unique key.</summary>
    public const string Columns = "id, queue, type, state, priority, max_attempts, timeout_ticks, tags, metadata, schedule, created_at, due_at, payload, job_group";

    /// <summary>Their values, of a table expression <c>a</c> that has <see cref="DueAt"/> beside what was asked for.</summary>
    public const string Values = """
        a.id, @queue, a.type, CASE WHEN a.due_at > millrace.clock(@now) THEN 0 ELSE 1 END, a.priority, a.max_attempts, a.timeout_ticks,
            CASE WHEN a.tags IS NOT NULL THEN ARRAY(SELECT json_array_elements_text(a.tags::json)) END, a.metadata::json, a.schedule,
            millrace.clock(@now), a.due_at, a.payload, a.job_group
        """;

    /// <summary>When a job <c>u</c> that is asked for falls due.</summary>
    public const string DueAt = "greatest(millrace.clock(@now), coalesce(u.at, millrace.clock(@now) + u.delay)) AS due_at";

    private const string Insert = $"""
        added AS (
          INSERT INTO millrace.job ({Columns})
          SELECT {Values}
          FROM (
            SELECT u.*, {DueAt}
            FROM unnest(@ids, @types, @priorities, @max_attempts, @timeouts, @tags, @metadata, @schedules, @delays, @ats, @payloads, @groups)
              WITH ORDINALITY AS u(id, type, priority, max_attempts, timeout_ticks, tags, metadata, schedule, delay, at, payload, job_group, number)
            WHERE (SELECT fits FROM room)) a
          ORDER BY a.number
          ON CONFLICT (id) DO NOTHING
          RETURNING id, state, sequence, tags)
        """;

    /// <summary>Files the added jobs under their tags.</summary>
    public const string Tag = "tagged AS (INSERT INTO millrace.job_tag (tag, sequence, id) SELECT DISTINCT unnest(tags), sequence, id FROM added WHERE tags IS NOT NULL)";

    // The ids that were added only when it is not all of them.
    private const string Count = $"""
        moves AS (SELECT @queue AS queue, state, 0 AS attempt, 1 AS number FROM added),
        counted AS ({QueueChange.Insert})
        SELECT room.fits, CASE WHEN room.fits AND (SELECT count(*) FROM added) < cardinality(@ids) THEN ARRAY(SELECT id FROM added) END FROM room
        """;

    private const string InRoom = $"WITH {Roomy}, {Insert}, {Count}";
    private const string InRoomTagged = $"WITH {Roomy}, {Insert}, {Tag}, {Count}";
    private const string InExactRoom = $"WITH {Exact}, {Insert}, {Count}";
    private const string InExactRoomTagged = $"WITH {Exact}, {Insert}, {Tag}, {Count}";

    /// <summary>Keeps others from the queue's bound, and from its unique keys, until the transaction ends.</summary>
    public const string TakeTurn = "SELECT pg_advisory_xact_lock(hashtextextended('millrace.enqueue ' || @queue, 0)) IS NULL";

    /// <summary>Enqueues in a transaction of its own.</summary>
    /// <param name="session">The session.</param>
    /// <param name="now">The store's clock; null is the server's.</param>
    /// <param name="jobs">Jobs of one queue.</param>
    /// <param name="maximum">The queue's bound.</param>
    /// <param name="more">Adds what goes with it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask<EnqueueAnswer> RunAsync(
        PostgresSession session, long? now, IReadOnlyList<NewJob> jobs, int maximum, Action<PostgresBatch>? more, CancellationToken cancellationToken)
    {
        if (jobs.Any(static job => job.Unique is not null))
        {
            await session.BeginAsync(cancellationToken).ConfigureAwait(false);
            var answer = await EnqueueUnique.RunAsync(session, turn: true, now, jobs, maximum, more, cancellationToken).ConfigureAwait(false);
            await session.CommitAsync(cancellationToken).ConfigureAwait(false);
            return answer;
        }

        // Several jobs take turns with others: two that bring the same ids in different orders would wait for each other.
        if (maximum > Margin && await TryAsync(session, exact: false, turn: jobs.Count > 1, now, jobs, maximum, more, cancellationToken).ConfigureAwait(false) is { IsFull: false } roomy)
        {
            return roomy;
        }

        return await TryAsync(session, exact: true, turn: true, now, jobs, maximum, more, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Enqueues as a part of a longer transaction.</summary>
    /// <param name="session">The session, whose transaction has begun.</param>
    /// <param name="turn">Whether to keep others from the queue's bound until the transaction ends.</param>
    /// <param name="now">The store's clock; null is the server's.</param>
    /// <param name="jobs">Jobs of one queue.</param>
    /// <param name="maximum">The queue's bound.</param>
    /// <param name="more">Adds what goes with it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static ValueTask<EnqueueAnswer> RunWithinAsync(
        PostgresSession session, bool turn, long? now, IReadOnlyList<NewJob> jobs, int maximum, Action<PostgresBatch>? more, CancellationToken cancellationToken) =>
        jobs.Any(static job => job.Unique is not null)
            ? EnqueueUnique.RunAsync(session, turn, now, jobs, maximum, more, cancellationToken)
            : TryAsync(session, exact: true, turn, now, jobs, maximum, more, cancellationToken);

    private static async ValueTask<EnqueueAnswer> TryAsync(
        PostgresSession session, bool exact, bool turn, long? now, IReadOnlyList<NewJob> jobs, int maximum, Action<PostgresBatch>? more, CancellationToken cancellationToken)
    {
        var queue = jobs[0].Queue;
        var (fits, added) = (false, (string[]?)null);
        var batch = session.Batch();
        if (turn)
        {
            batch.Add(TakeTurn, static _ => { }).Set("@queue", queue);
        }

        var tagged = jobs.Any(static job => job.Tags.Count > 0);
        var text = exact ? (tagged ? InExactRoomTagged : InExactRoom) : (tagged ? InRoomTagged : InRoom);
        Set(batch.Add(text, row => (fits, added) = (row.Flag(0), row.Texts(1))), jobs)
            .Set("@queue", queue)
            .Set("@now", now)
            .Set("@maximum", maximum)
            .SetIf(!exact, "@margin", Margin);
        more?.Invoke(batch);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return new EnqueueAnswer { IsFull = !fits, Existing = added is null ? null : Existing(jobs, added) };
    }

    /// <summary>Sets what the columns of new jobs are taken from.</summary>
    public static PostgresStatement Set(PostgresStatement statement, IReadOnlyList<NewJob> jobs) => statement
        .Set("@ids", Column(jobs, static job => job.Id))
        .Set("@types", Column(jobs, static job => job.Type))
        .Set("@priorities", Column(jobs, static job => job.Priority))
        .Set("@max_attempts", Column(jobs, static job => job.MaxAttempts))
        .Set("@timeouts", Column(jobs, static job => job.Timeout?.Ticks))
        .Set("@tags", Column(jobs, static job => job.Tags.Count == 0 ? null : SqlValue.Json(job.Tags)))
        .Set("@metadata", Column(jobs, static job => SqlValue.Json(job.Metadata)))
        .Set("@schedules", Column(jobs, static job => job.Schedule))
        .Set("@delays", Column(jobs, static job => SqlTime.RoundUp(job.Delay ?? TimeSpan.Zero)))
        .Set("@ats", Column(jobs, static job => job.At is { } at ? SqlTime.RoundUp(at) : (long?)null))
        .Set("@payloads", Column(jobs, static job => SqlValue.Bytes(job.Payload)))
        .Set("@groups", Column(jobs, static job => job.Group));

    /// <summary>One value of every job.</summary>
    public static T[] Column<T>(IReadOnlyList<NewJob> jobs, Func<NewJob, T> value)
    {
        var column = new T[jobs.Count];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(jobs[i]);
        }

        return column;
    }

    /// <summary>Which jobs were not added; of an id that stands in the batch twice, the second.</summary>
    private static bool[] Existing(IReadOnlyList<NewJob> jobs, string[] added)
    {
        var left = added.ToHashSet(StringComparer.Ordinal);
        return Column(jobs, job => !left.Remove(job.Id));
    }
}
