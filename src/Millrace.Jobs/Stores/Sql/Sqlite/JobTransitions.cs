namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>The ways out of running, as the memory store specifies them.</summary>
internal static class JobTransitions
{
    /// <summary>Waiting again at its old place; the attempt does not count.</summary>
    public static ValueTask<SqlJob> ReleaseAsync(WriteSession session, SqlJob job, long token) =>
        PutBackAsync(session, job, job.Record with { State = JobState.Waiting, Attempt = job.Record.Attempt - 1 }, token);

    /// <summary>From running to pending; or to cancelled and otherwise unchanged, when that was requested meanwhile.</summary>
    public static ValueTask<SqlJob> PutBackAsync(WriteSession session, SqlJob job, JobRecord pending, long token)
    {
        if (job.Record.CancelRequested)
        {
            return EndAsync(session, job, job.Record with { State = JobState.Cancelled }, token);
        }

        session.Wake(pending.Queue);
        return JobTable.ChangeAsync(session, job, pending with { WorkerId = null }, token);
    }

    /// <summary>To a terminal state.</summary>
    public static async ValueTask<SqlJob> EndAsync(WriteSession session, SqlJob job, JobRecord ended, long token)
    {
        await UniqueTable.ReleaseAsync(session, ended).ConfigureAwait(false);
        var changed = await JobTable.ChangeAsync(session, job, ended with { FinishedAt = SqlTime.Time(session.Now), WorkerId = null, CancelRequested = false }, token).ConfigureAwait(false);
        await LinkTable.TellAsync(session, new(new(ended.Queue, ended.Id), ended.State, ended.State == JobState.Completed ? ended.Result : null)).ConfigureAwait(false);
        return changed;
    }
}
