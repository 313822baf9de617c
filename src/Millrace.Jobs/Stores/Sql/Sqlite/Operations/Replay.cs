namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.ReplayAsync"/>.</summary>
internal static class Replay
{
    public static async ValueTask<IReadOnlyList<string>> RunAsync(WriteSession session, IReadOnlyList<string> ids, int priorityRaise)
    {
        var replayed = new List<string>();
        foreach (var id in ids)
        {
            if (await JobTable.FindAsync(session, id).ConfigureAwait(false) is not { Record.State: JobState.Dead } job
                || !await JobTable.TryHoldAgainAsync(session, job).ConfigureAwait(false))
            {
                continue;
            }

            var waiting = job.Record with
            {
                State = JobState.Waiting,
                Priority = Math.Min(job.Record.Priority + priorityRaise, JobLimits.MaximumPriority),
                Attempt = 0,
                DueAt = SqlTime.Time(session.Now),
                FinishedAt = null,
            };
            await JobTable.ChangeAsync(session, job, waiting, job.Token).ConfigureAwait(false);
            session.Wake(waiting.Queue);
            replayed.Add(id);
        }

        return replayed;
    }
}
