namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.ClaimAsync"/>.</summary>
internal static class Claim
{
    /// <summary>Most scheduled jobs of a queue that one claim puts in line. When more fall due between two claims, the others follow with the next
    /// claims, earliest due first, so that no claim takes long.</summary>
    public const int MaximumPromoted = 10_000;

    private const string Paused = "SELECT paused FROM millrace_queue WHERE name = @name";

    private const string Promote = """
        UPDATE millrace_job SET state = 1
        WHERE sequence IN (SELECT sequence FROM millrace_job WHERE queue = @queue AND state = 0 AND due_at <= @now ORDER BY due_at LIMIT @limit)
        RETURNING attempt, job_group
        """;

    private const string Next = JobTable.SelectFull + """
         WHERE j.queue = @queue AND j.state = 1 AND j.job_group IS NULL
        ORDER BY j.priority DESC, j.due_at, j.sequence
        LIMIT @limit
        """;

    private const string NextOfGroup = JobTable.SelectFull + """
         WHERE j.queue = @queue AND j.job_group = @group AND j.state = 1 AND j.job_group IS NOT NULL
        ORDER BY j.priority DESC, j.due_at, j.sequence
        LIMIT 1
        """;

    private const string Bury = """
        UPDATE millrace_job
        SET state = 4, finished_at = @now, worker = NULL, error = @error, priority = 0, attempt = 1, max_attempts = 1, timeout_ticks = NULL,
            tags = '[]', metadata = NULL, unique_key = NULL, unique_until = NULL, job_group = NULL, created_at = @now, due_at = @now, started_at = NULL, token = 0, cancel_requested = 0, result = NULL, progress = 0,
            progress_message = NULL
        WHERE sequence = @sequence
        """;

    private const string BuryPayload = "INSERT INTO millrace_payload (job, payload) VALUES (@job, @payload) ON CONFLICT (job) DO NOTHING";

    public static async ValueTask<ClaimResult> RunAsync(WriteSession session, ClaimRequest request)
    {
        await WorkerTable.RenewAsync(session, request.Worker, request.Lease).ConfigureAwait(false);
        var finished = await Finish.RunAsync(session, request.Finishes).ConfigureAwait(false);
        var claimed = new List<ClaimedJob>();
        foreach (var limits in request.Queues)
        {
            var limit = Math.Min(limits.Capacity, request.MaximumJobs - claimed.Count);
            if (limit <= 0)
            {
                break;
            }

            if (await session.Statement(Paused).Set("@name", limits.Queue).ScalarAsync().ConfigureAwait(false) is 1L)
            {
                continue;
            }

            await PromoteAsync(session, limits.Queue).ConfigureAwait(false);
            var before = claimed.Count;
            if (await LimitTable.AllowAsync(session, limits, limit).ConfigureAwait(false) is > 0 and var allowed)
            {
                if (await GroupTable.AnyAsync(session, limits.Queue).ConfigureAwait(false))
                {
                    await ClaimInTurnAsync(session, limits, allowed, request.Worker.Id, claimed).ConfigureAwait(false);
                }
                else
                {
                    await ClaimAsync(session, limits.Queue, null, allowed, request.Worker.Id, claimed).ConfigureAwait(false);
                }
            }

            await LimitTable.StartedAsync(session, limits, claimed.Count - before).ConfigureAwait(false);
        }

        return new ClaimResult(claimed, finished);
    }

    private static async ValueTask PromoteAsync(WriteSession session, string queue)
    {
        var promoted = await session.Statement(Promote)
            .Set("@queue", queue)
            .Set("@now", session.Now)
            .Set("@limit", (long)MaximumPromoted)
            .ListAsync(static row => (Attempt: row.Integer(0, 0, int.MaxValue), Group: row.TextOrNull(1, JobLimits.MaximumNameLength))).ConfigureAwait(false);
        foreach (var (attempt, group) in promoted)
        {
            if (group is not null)
            {
                await GroupTable.EnterAsync(session, queue, group).ConfigureAwait(false);
            }

            session.Count(queue, JobState.Scheduled, attempt, -1);
            session.Count(queue, JobState.Waiting, attempt, 1);
        }
    }

    /// <summary>Groups and the jobs without one take turns, one start each.</summary>
    private static async ValueTask ClaimInTurnAsync(WriteSession session, QueueCapacity limits, int limit, string worker, List<ClaimedJob> claimed)
    {
        var (others, last) = (true, claimed.Count + limit);
        while (claimed.Count < last && await GroupTable.NextAsync(session, limits, others).ConfigureAwait(false) is { } party)
        {
            var found = await ClaimAsync(session, limits.Queue, party.Length == 0 ? null : party, 1, worker, claimed).ConfigureAwait(false);
            if (found)
            {
                await GroupTable.ServedAsync(session, limits.Queue, party).ConfigureAwait(false);
            }
            else if (party.Length == 0)
            {
                others = false;
            }
            else
            {
                await GroupTable.LeaveAsync(session, limits.Queue, party, JobState.Waiting).ConfigureAwait(false);
            }
        }

        await GroupTable.ForgetOthersAsync(session, limits.Queue).ConfigureAwait(false);
    }

    /// <summary>Claims the next jobs of a group, or of those without one; false when there are none.</summary>
    private static async ValueTask<bool> ClaimAsync(WriteSession session, string queue, string? group, int limit, string worker, List<ClaimedJob> claimed)
    {
        var statement = group is null ? session.Statement(Next).Set("@limit", (long)limit) : session.Statement(NextOfGroup).Set("@group", group);
        var next = await statement.Set("@queue", queue).ListAsync(TryRead).ConfigureAwait(false);
        if (next.Count == 0)
        {
            return false;
        }

        var token = await session.TakeTokensAsync(next.Count).ConfigureAwait(false) - next.Count;
        foreach (var (sequence, job, error) in next)
        {
            if (job is null)
            {
                await BuryAsync(session, queue, sequence, error!).ConfigureAwait(false);
                continue;
            }

            var running = job.Record with
            {
                State = JobState.Running,
                Attempt = job.Record.Attempt + 1,
                WorkerId = worker,
                StartedAt = SqlTime.Time(session.Now),
                ProgressPercent = 0,
                ProgressMessage = null,
            };
            await UniqueTable.ReleaseAtStartAsync(session, job.Record).ConfigureAwait(false);
            claimed.Add(Describe(await JobTable.ChangeAsync(session, job, running, ++token).ConfigureAwait(false)));
        }

        return true;
    }

    // A row that is not valid must not stand in the way of the others: it becomes a dead job that says why.
    private static async ValueTask BuryAsync(WriteSession session, string queue, long sequence, string error)
    {
        await JobTable.ReleaseUniqueAsync(session, sequence).ConfigureAwait(false); // before the row forgets its key
        await session.Statement(Bury).Set("@sequence", sequence).Set("@now", session.Now).Set("@error", error).RunAsync().ConfigureAwait(false);
        await session.Statement(BuryPayload).Set("@job", sequence).Set("@payload", Array.Empty<byte>()).RunAsync().ConfigureAwait(false);
        session.Count(queue, JobState.Waiting, attempt: 0, -1);
        session.Count(queue, JobState.Dead, attempt: 0, 1);
        await LinkTable.TellAsync(session, sequence, queue, JobState.Dead).ConfigureAwait(false);
    }

    private static (long Sequence, SqlJob? Job, string? Error) TryRead(SqlRow row)
    {
        try
        {
            var job = JobRow.Read(row);
            return (job.Sequence, job, null);
        }
        catch (InvalidDataException exception)
        {
            return (row.Number(1), null, exception.Message);
        }
    }

    private static ClaimedJob Describe(SqlJob job) => new()
    {
        Id = job.Record.Id,
        Queue = job.Record.Queue,
        Type = job.Record.Type,
        Payload = job.Record.Payload,
        Token = job.Token,
        Attempt = job.Record.Attempt,
        MaxAttempts = job.Record.MaxAttempts,
        Priority = job.Record.Priority,
        Timeout = job.Record.Timeout,
        Tags = job.Record.Tags,
        Metadata = job.Record.Metadata,
        CreatedAt = job.Record.CreatedAt,
        DueAt = job.Record.DueAt,
        StartedAt = job.Record.StartedAt!.Value,
    };
}
