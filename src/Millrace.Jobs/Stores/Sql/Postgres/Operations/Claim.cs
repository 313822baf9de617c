namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.ClaimAsync"/>: lease, ends, what has fallen due, claim; one transaction, and one round trip unless
/// one of the queues has a limit over all processes (<see cref="Limits"/>).</summary>
internal sealed class Claim(ClaimRequest request, LineFronts fronts, TimeProvider clock)
{
    /// <summary>Most scheduled jobs of a queue that one claim puts in line. When more fall due between two claims, the others follow with the next
    /// claims, earliest due first, so that no claim takes long.</summary>
    public const int MaximumPromoted = 10_000;

    private const string Promote = $"""
        WITH promoted AS (
          UPDATE millrace.job SET state = 1
          WHERE ctid = ANY (ARRAY(
            SELECT due.place FROM unnest(@queues) AS q(name)
            CROSS JOIN LATERAL (
              SELECT j.ctid AS place FROM millrace.job j WHERE j.queue = q.name AND j.state = 0 AND j.due_at <= millrace.clock(@now)
              ORDER BY j.due_at LIMIT @limit FOR UPDATE SKIP LOCKED) due))
          RETURNING queue, attempt),
        moves AS (SELECT queue, 0 AS state, attempt, -1 AS number FROM promoted UNION ALL SELECT queue, 1, attempt, 1 FROM promoted)
        {QueueChange.Insert}
        """;

    // Of each queue two stretches of its line: all of a higher priority than its front, then from the front on. The limits are pulled through from
    // the outermost one, so that no more rows are locked than are taken.
    private const string Take = $"""
        WITH claimed AS (
          UPDATE millrace.job
          SET state = 2, attempt = attempt + 1, worker = @worker, token = nextval('millrace.token'), started_at = millrace.clock(@now),
              progress = 0, progress_message = NULL
          WHERE ctid = ANY (ARRAY(
            SELECT next.place FROM unnest(@queues, @limits, @ranks, @dues, @sequences) AS q(name, capacity, rank, due_at, sequence)
            CROSS JOIN LATERAL (
              SELECT stretch.place
              FROM (VALUES ((-32768)::smallint, q.due_at, q.sequence, q.rank), (q.rank, q.due_at, q.sequence, 32767::smallint)) AS s(rank, due_at, sequence, beyond)
              CROSS JOIN LATERAL (
                SELECT j.ctid AS place FROM millrace.job j
                WHERE j.queue = q.name AND j.state = 1 AND j.job_group IS NULL AND (j.rank, j.due_at, j.sequence) >= (s.rank, s.due_at, s.sequence) AND j.rank < s.beyond
                ORDER BY j.rank, j.due_at, j.sequence LIMIT q.capacity FOR UPDATE SKIP LOCKED) stretch
              LIMIT q.capacity) next
            WHERE NOT EXISTS (SELECT 1 FROM millrace.queue p WHERE p.name = q.name AND p.paused)
              AND coalesce((SELECT false FROM millrace.job_group g WHERE g.queue = q.name LIMIT 1), true)
              AND coalesce((SELECT false FROM millrace.group_news n WHERE n.queue = q.name LIMIT 1), true)
            LIMIT @maximum))
          RETURNING id, queue, token, rank, due_at, sequence, type, payload, attempt, max_attempts, timeout_ticks, tags, metadata, created_at, started_at,
            unique_key, unique_until),
        leaving AS (SELECT queue, unique_key, id FROM claimed WHERE unique_until = 1),
        {UniqueKeys.Free},
        counted AS (INSERT INTO millrace.queue_change (queue, waiting) SELECT queue, -count(*) FROM claimed GROUP BY queue)
        SELECT * FROM claimed
        """;

    // The queues that have groups, which the statement above leaves out. (Neither asks by EXISTS, which may be planned as a look at all queues' groups.)
    private const string Grouped = """
        SELECT q.name FROM unnest(@queues) AS q(name)
        WHERE coalesce(
          (SELECT true FROM millrace.job_group g WHERE g.queue = q.name LIMIT 1), (SELECT true FROM millrace.group_news n WHERE n.queue = q.name LIMIT 1), false)
        """;

    private const string InTurn = """
        SELECT c.id, c.queue, c.token, c.rank, c.due_at, c.sequence, c.type, c.payload, c.attempt, c.max_attempts, c.timeout_ticks, c.tags, c.metadata, c.created_at, c.started_at
        FROM millrace.claim_in_turn(@queue, @worker, @limit, @running, @rate, @period, @now) c
        """;

    // What is not valid is replaced, so that the job can be read again.
    private const string Bury = $"""
        WITH leaving AS (
          SELECT queue, unique_key, id FROM millrace.job WHERE worker = @worker AND sequence = ANY (@sequences) AND unique_key IS NOT NULL),
        {UniqueKeys.Free},
        buried AS (
          UPDATE millrace.job
          SET state = 4, finished_at = millrace.clock(@now), worker = NULL, error = b.error, type = left(type, 100), priority = 0, attempt = 1, max_attempts = 1,
              timeout_ticks = NULL, tags = NULL, metadata = NULL, schedule = NULL, unique_key = NULL, unique_until = NULL, job_group = NULL, created_at = millrace.clock(@now), due_at = millrace.clock(@now), started_at = NULL, token = 0,
              cancel_requested = false, result = NULL, progress = 0, progress_message = NULL
          FROM unnest(@sequences, @tokens, @errors) AS b(sequence, token, error)
          WHERE job.worker = @worker AND job.sequence = b.sequence AND job.token = b.token
          RETURNING job.queue, 4 AS state, 1 AS attempt, 1 AS number),
        moves AS (SELECT * FROM buried)
        {QueueChange.Insert}
        """;

    private readonly List<(LineFront Place, ClaimedJob Job)> _claimed = [];
    private readonly List<(string Queue, long Sequence, long Token, string Error)> _invalid = [];
    private readonly Dictionary<string, (int Order, LineFront From, int Limit)> _queues = new(StringComparer.Ordinal);
    private readonly HashSet<string> _grouped = new(StringComparer.Ordinal);
    private readonly Limits _limits = new(request.Queues);

    /// <param name="session">The session.</param>
    /// <param name="now">The store's clock; null is the server's.</param>
    /// <param name="more">Adds what goes with it.</param>
    /// <param name="awaited">Called when others wait for a job that was ended.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<ClaimResult> RunAsync(PostgresSession session, long? now, Action<PostgresBatch>? more, Action awaited, CancellationToken cancellationToken)
    {
        try
        {
            return await ClaimAsync(session, now, more, awaited, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            fronts.ForgetAll(); // what it had taken, and claims beside it passed over, is in line again
            throw;
        }
    }

    private async ValueTask<ClaimResult> ClaimAsync(PostgresSession session, long? now, Action<PostgresBatch>? more, Action awaited, CancellationToken cancellationToken)
    {
        var (began, version) = (clock.GetTimestamp(), fronts.Version);
        var batch = session.Batch();
        Lease.Add(batch, session, now, request.Worker, request.Lease);
        var finish = new Finish(request.Finishes);
        finish.Add(batch, now);
        if (_limits.Any)
        {
            await ClaimWithinLimitsAsync(session, batch, now, more, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            if (request.Queues.Count > 0)
            {
                AddClaim(batch, now);
            }

            more?.Invoke(batch);
            await batch.RunAsync(cancellationToken).ConfigureAwait(false);
            if (_grouped.Count > 0)
            {
                await session.BeginAsync(cancellationToken).ConfigureAwait(false);
                await ClaimInTurnAsync(session, now, cancellationToken).ConfigureAwait(false);
                await session.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        var finished = await finish.AnswerAsync(session, cancellationToken).ConfigureAwait(false);
        if (finish.IsAwaited)
        {
            awaited();
        }

        if (_invalid.Count > 0)
        {
            await BuryAsync(session, now, cancellationToken).ConfigureAwait(false);
        }

        var jobs = _claimed.OrderBy(claimed => _queues[claimed.Job.Queue].Order).ThenBy(static claimed => claimed.Place).ToList();
        NoteFronts(jobs, began, version);
        return new ClaimResult(jobs.ConvertAll(static claimed => claimed.Job), finished);
    }

    private async ValueTask ClaimWithinLimitsAsync(PostgresSession session, PostgresBatch batch, long? now, Action<PostgresBatch>? more, CancellationToken cancellationToken)
    {
        await session.BeginAsync(cancellationToken).ConfigureAwait(false);
        _limits.Look(batch, now);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        batch = session.Batch();
        AddClaim(batch, _limits.Now);
        more?.Invoke(batch);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        await ClaimInTurnAsync(session, _limits.Now, cancellationToken).ConfigureAwait(false);
        var started = _claimed.Select(static claimed => claimed.Job.Queue).Concat(_invalid.Select(static row => row.Queue)).CountBy(static queue => queue, StringComparer.Ordinal);
        batch = session.Batch();
        if (_limits.Keep(batch, started.ToDictionary(StringComparer.Ordinal)))
        {
            await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        }

        await session.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Claims from the queues that have groups. Claims from such a queue take turns until they are committed; who takes several takes them in one order, and behind
    /// those of <see cref="Limits"/>.</summary>
    private async ValueTask ClaimInTurnAsync(PostgresSession session, long? now, CancellationToken cancellationToken)
    {
        foreach (var queue in _grouped.Order(StringComparer.Ordinal))
        {
            var limit = Math.Min(_queues[queue].Limit - _claimed.Count(claimed => claimed.Job.Queue == queue), request.MaximumJobs - _claimed.Count);
            if (limit <= 0)
            {
                continue;
            }

            var limits = request.Queues.First(one => one.Queue == queue);
            var batch = session.Batch();
            batch.Add(InTurn, row => Read(row, inTurn: true))
                .Set("@queue", queue)
                .Set("@worker", request.Worker.Id)
                .Set("@limit", (long)limit)
                .Set("@running", (long?)limits.GroupMaximumRunning)
                .Set("@rate", (long?)limits.GroupRate?.Count)
                .Set("@period", limits.GroupRate is { } rate ? SqlTime.RoundUp(rate.Period) : (long?)null)
                .Set("@now", now);
            await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void AddClaim(PostgresBatch batch, long? now)
    {
        var putBack = request.Finishes.Where(Finish.ReturnsToLine).Select(static finish => finish.Run.Queue).ToHashSet(StringComparer.Ordinal);
        foreach (var limits in request.Queues)
        {
            var (queue, capacity) = limits;
            var from = putBack.Contains(queue) ? LineFront.Beginning : fronts.Get(queue);
            _queues.Add(queue, (_queues.Count, from, _limits.Allow(limits, Math.Min(capacity, request.MaximumJobs))));
        }

        var names = _queues.Keys.ToArray();
        batch.Add(Promote).Set("@queues", names).Set("@now", now).Set("@limit", MaximumPromoted);
        batch.Add(Take, row => Read(row, inTurn: false))
            .Set("@worker", request.Worker.Id)
            .Set("@now", now)
            .Set("@queues", names)
            .Set("@limits", Array.ConvertAll(names, name => (long)_queues[name].Limit))
            .Set("@ranks", Array.ConvertAll(names, name => (short)_queues[name].From.Rank))
            .Set("@dues", Array.ConvertAll(names, name => _queues[name].From.DueAt))
            .Set("@sequences", Array.ConvertAll(names, name => _queues[name].From.Sequence))
            .Set("@maximum", request.MaximumJobs);
        batch.Add(Grouped, row => _grouped.Add(row.Text(0, JobLimits.MaximumNameLength))).Set("@queues", names);
    }

    private void Read(SqlRow row, bool inTurn)
    {
        try
        {
            var rank = row.Integer(3, -JobLimits.MaximumPriority, -JobLimits.MinimumPriority);
            var job = new ClaimedJob
            {
                Id = row.Text(0, JobLimits.MaximumIdLength),
                Queue = row.Text(1, JobLimits.MaximumNameLength),
                Token = row.Number(2, 1),
                Type = row.Text(6, JobLimits.MaximumNameLength),
                Payload = row.Bytes(7),
                Attempt = row.Integer(8, 1, int.MaxValue),
                MaxAttempts = row.Integer(9, 1, JobLimits.MaximumAttempts),
                Priority = -rank,
                Timeout = row.DurationOrNull(10),
                Tags = row.Names(11, JobLimits.MaximumTags),
                Metadata = row.Metadata(12),
                CreatedAt = row.Time(13),
                DueAt = row.Time(4),
                StartedAt = row.Time(14),
            };
            _claimed.Add((inTurn ? new LineFront(0, _claimed.Count, 0) : new LineFront(rank, row.Number(4), row.Number(5)), job));
        }
        catch (InvalidDataException error)
        {
            _invalid.Add((row.Text(1, JobLimits.MaximumNameLength), row.Number(5), row.Number(2), error.Message));
        }
    }

    // A row that is not valid must not stand in the way of the others: it becomes a dead job that says why. Until then it is the worker's, whose next
    // heartbeat would give it back.
    private async ValueTask BuryAsync(PostgresSession session, long? now, CancellationToken cancellationToken)
    {
        var batch = session.Batch();
        batch.Add(Bury)
            .Set("@now", now)
            .Set("@worker", request.Worker.Id)
            .Set("@sequences", _invalid.ConvertAll(static row => row.Sequence).ToArray())
            .Set("@tokens", _invalid.ConvertAll(static row => row.Token).ToArray())
            .Set("@errors", _invalid.ConvertAll(static row => PostgresValue.Text(row.Error)).ToArray());
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    private void NoteFronts(List<(LineFront Place, ClaimedJob Job)> jobs, long began, long version)
    {
        var taken = jobs.GroupBy(static claimed => claimed.Job.Queue, StringComparer.Ordinal).ToDictionary(static queue => queue.Key, static queue => queue.ToList());
        foreach (var (queue, (_, from, limit)) in _queues)
        {
            if (_grouped.Contains(queue))
            {
                fronts.Forget(queue); // these claims begin at the very front
                continue;
            }

            if (taken.TryGetValue(queue, out var own) && own.Count == limit)
            {
                fronts.Found(queue, from, own[0].Place, began, version);
            }
            else if (from != LineFront.Beginning && limit > 0 && jobs.Count < request.MaximumJobs)
            {
                fronts.Forget(queue); // the line's end: what else there may be is before the front
            }
        }
    }
}
