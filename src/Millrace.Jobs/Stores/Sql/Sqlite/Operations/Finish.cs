namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.FinishAsync"/>.</summary>
internal static class Finish
{
    public static async ValueTask<IReadOnlyList<FinishResult>> RunAsync(WriteSession session, IReadOnlyList<JobFinish> finishes)
    {
        var results = new FinishResult[finishes.Count];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = await RunAsync(session, finishes[i]).ConfigureAwait(false);
        }

        return results;
    }

    private static async ValueTask<FinishResult> RunAsync(WriteSession session, JobFinish finish)
    {
        var job = await JobTable.FindAsync(session, finish.Run.Id).ConfigureAwait(false);
        if (job is null)
        {
            return new FinishResult(FinishStatus.Stale, State: null);
        }

        var record = job.Record;
        if (record.Queue != finish.Run.Queue)
        {
            return new FinishResult(FinishStatus.Stale, State: null);
        }

        if (job.Token != finish.Run.Token || record.State != JobState.Running)
        {
            var repeated = job.Token == finish.Run.Token && record.State != JobState.Running;
            return new FinishResult(repeated ? FinishStatus.Repeated : FinishStatus.Stale, record.State);
        }

        if (finish is { Kind: FinishKind.Completed, Remove: true })
        {
            await LinkTable.TellAsync(session, new(new(record.Queue, record.Id), JobState.Completed, finish.Result)).ConfigureAwait(false);
            await JobTable.RemoveAsync(session, job.Sequence, record.Queue, JobState.Running, record.Attempt).ConfigureAwait(false);
            return new FinishResult(FinishStatus.Applied, JobState.Completed);
        }

        var after = await ApplyAsync(session, job, finish).ConfigureAwait(false);
        return new FinishResult(FinishStatus.Applied, after.Record.State);
    }

    private static ValueTask<SqlJob> ApplyAsync(WriteSession session, SqlJob job, JobFinish finish)
    {
        var record = job.Record;
        var later = SqlTime.Time(session.Now + SqlTime.RoundUp(finish.Delay));
        switch (finish.Kind)
        {
            case FinishKind.Completed:
                return JobTransitions.EndAsync(session, job, record with { State = JobState.Completed, Error = null, Result = finish.Result }, job.Token);
            case FinishKind.Dead:
                return JobTransitions.EndAsync(session, job, record with { State = JobState.Dead, Error = finish.Error }, job.Token);
            case FinishKind.Cancelled:
                return JobTransitions.EndAsync(session, job, record with { State = JobState.Cancelled }, job.Token);
            case FinishKind.Retry:
                return JobTransitions.PutBackAsync(session, job, record with { State = JobState.Scheduled, Error = finish.Error, DueAt = later }, job.Token);
            case FinishKind.Snoozed:
                var snoozed = record with { State = JobState.Scheduled, Attempt = record.Attempt - 1, DueAt = later };
                return JobTransitions.PutBackAsync(session, job, snoozed, job.Token);
            default:
                return JobTransitions.ReleaseAsync(session, job, job.Token);
        }
    }
}
