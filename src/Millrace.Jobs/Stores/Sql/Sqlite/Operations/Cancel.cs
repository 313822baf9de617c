namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.CancelAsync"/>.</summary>
internal static class Cancel
{
    public static async ValueTask<CancelStatus> RunAsync(WriteSession session, string id)
    {
        var job = await JobTable.FindAsync(session, id).ConfigureAwait(false);
        switch (job?.Record.State)
        {
            case null:
                return CancelStatus.NotFound;
            case JobState.Scheduled or JobState.Waiting or JobState.Blocked:
                await JobTransitions.EndAsync(session, job, job.Record with { State = JobState.Cancelled }, job.Token).ConfigureAwait(false);
                return CancelStatus.Cancelled;
            case JobState.Running:
                await JobTable.ChangeAsync(session, job, job.Record with { CancelRequested = true }, job.Token).ConfigureAwait(false);
                return CancelStatus.Requested;
            default:
                return CancelStatus.AlreadyEnded;
        }
    }
}
