namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.HeartbeatAsync"/>.</summary>
internal static class Heartbeat
{
    private const string Held = JobTable.SelectBare + " WHERE j.state = 2 AND j.worker = @worker ORDER BY j.sequence";

    public static async ValueTask<HeartbeatResult> RunAsync(WriteSession session, HeartbeatRequest request)
    {
        await WorkerTable.RenewAsync(session, request.Worker, request.Lease).ConfigureAwait(false);
        var held = await session.Statement(Held).Set("@worker", request.Worker.Id).ListAsync(JobRow.ReadBare).ConfigureAwait(false);
        var named = request.Runs.ToHashSet();
        var own = new Dictionary<JobRun, SqlJob>();
        foreach (var job in held)
        {
            var run = new JobRun(job.Record.Queue, job.Record.Id, job.Token);
            if (named.Contains(run))
            {
                own[run] = job;
            }
            else
            {
                await JobTransitions.ReleaseAsync(session, job, token: 0).ConfigureAwait(false);
            }
        }

        return new HeartbeatResult(
            [.. request.Runs.Where(run => own.TryGetValue(run, out var job) && job.Record.CancelRequested)],
            [.. request.Runs.Where(run => !own.ContainsKey(run))]);
    }
}
