namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.SweepAsync"/>.</summary>
internal static class Sweep
{
    // The plus keeps SQLite from walking all jobs in order of their key, instead of sorting the few that run.
    private const string Orphans = JobTable.SelectFull + """
         WHERE j.state = 2 AND NOT EXISTS (SELECT 1 FROM millrace_worker w WHERE w.id = j.worker AND w.lease_until > @now)
        ORDER BY +j.sequence
        LIMIT @limit
        """;

    private const string ForgetWorkers = """
        DELETE FROM millrace_worker
        WHERE lease_until <= @now AND NOT EXISTS (SELECT 1 FROM millrace_job j WHERE j.state = 2 AND j.worker = millrace_worker.id)
        """;

    private const string ForgetQueues = """
        DELETE FROM millrace_queue
        WHERE paused = 0 AND scheduled = 0 AND waiting = 0 AND blocked = 0 AND running = 0 AND completed = 0 AND dead = 0 AND cancelled = 0
        """;

    private const string Totals = """
        SELECT COALESCE(SUM(completed), 0), COALESCE(SUM(cancelled), 0), COALESCE(SUM(dead), 0) FROM millrace_queue
        """;

    private const string Oldest = """
        SELECT id, sequence, queue, attempt, finished_at FROM millrace_job
        WHERE state >= 3 AND state = @state
        ORDER BY finished_at, sequence
        LIMIT @limit
        """;

    public static async ValueTask<SweepResult> RunAsync(WriteSession session, SweepRequest request, Func<string, string> describeLostWorker)
    {
        var orphans = await session.Statement(Orphans)
            .Set("@now", session.Now)
            .Set("@limit", (long)request.MaximumJobs + 1)
            .ListAsync(JobRow.Read).ConfigureAwait(false);
        var more = orphans.Count > request.MaximumJobs;
        var rescued = new List<JobRecord>();
        foreach (var job in orphans.Take(request.MaximumJobs))
        {
            rescued.Add((await RescueAsync(session, job, describeLostWorker).ConfigureAwait(false)).Record);
        }

        await UniqueTable.ForgetAsync(session).ConfigureAwait(false);
        await GroupTable.ForgetAsync(session).ConfigureAwait(false);
        await session.Statement(ForgetWorkers).Set("@now", session.Now).RunAsync().ConfigureAwait(false);
        await session.FlushCountsAsync().ConfigureAwait(false);
        var (completed, cancelled, dead) = await session.Statement(Totals)
            .FirstAsync(static row => (row.Number(0, 0), row.Number(1, 0), row.Number(2, 0))).ConfigureAwait(false);
        var removed = 0;
        foreach (var (state, retention, total) in ((JobState, JobRetention, long)[])
            [(JobState.Completed, request.Completed, completed), (JobState.Cancelled, request.Cancelled, cancelled), (JobState.Dead, request.Dead, dead)])
        {
            var (count, left) = await RetainAsync(session, state, retention, total, request.MaximumJobs).ConfigureAwait(false);
            removed += count;
            more |= left;
        }

        await session.FlushCountsAsync().ConfigureAwait(false);
        await session.Statement(ForgetQueues).RunAsync().ConfigureAwait(false);
        return new SweepResult { Rescued = rescued, Removed = removed, More = more };
    }

    private static ValueTask<SqlJob> RescueAsync(WriteSession session, SqlJob job, Func<string, string> describeLostWorker)
    {
        var error = describeLostWorker(job.Record.WorkerId!);
        return job.Record.Attempt < job.Record.MaxAttempts || job.Record.CancelRequested
            ? JobTransitions.PutBackAsync(session, job, job.Record with { State = JobState.Waiting, Error = error }, token: 0)
            : JobTransitions.EndAsync(session, job, job.Record with { State = JobState.Dead, Error = error }, token: 0);
    }

    private static async ValueTask<(int Removed, bool More)> RetainAsync(
        WriteSession session, JobState state, JobRetention retention, long total, int maximum)
    {
        // Those that break a bound are the oldest, so one look at the very oldest tells whether there are any.
        var earliest = session.Now - SqlTime.RoundUp(retention.Age);
        var first = await OldestAsync(session, state, 1).ConfigureAwait(false);
        if (first.Count == 0 || !IsTooMany(first[0], total))
        {
            return (0, false);
        }

        var removed = 0;
        foreach (var job in await OldestAsync(session, state, maximum + 1).ConfigureAwait(false))
        {
            if (!IsTooMany(job, total - removed))
            {
                break;
            }

            if (removed == maximum)
            {
                return (removed, true);
            }

            await JobTable.RemoveAsync(session, job.Sequence, job.Queue, state, job.Attempt).ConfigureAwait(false);
            removed++;
        }

        return (removed, false);

        bool IsTooMany(EndedJob job, long kept) => kept > retention.Count || job.FinishedAt < earliest;
    }

    private static ValueTask<List<EndedJob>> OldestAsync(WriteSession session, JobState state, int limit) =>
        session.Statement(Oldest)
            .Set("@state", (long)state)
            .Set("@limit", (long)limit)
            .ListAsync(static row => new EndedJob(
                row.Number(1), row.Text(2, JobLimits.MaximumNameLength), row.Integer(3, 0, int.MaxValue), row.Number(4)));

    private sealed record EndedJob(long Sequence, string Queue, int Attempt, long FinishedAt);
}
