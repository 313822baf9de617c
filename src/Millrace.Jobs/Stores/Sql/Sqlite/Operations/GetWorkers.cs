namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.GetWorkersAsync"/>.</summary>
internal static class GetWorkers
{
    private const int MaximumHostLength = 1_000;

    private const string Select = """
        SELECT w.id, w.host, w.process_id, w.queues, w.started_at, w.seen_at, w.lease_until,
          (SELECT COUNT(*) FROM millrace_job j WHERE j.state = 2 AND j.worker = w.id) AS running
        FROM millrace_worker w
        """;

    public static async ValueTask<IReadOnlyList<WorkerRecord>> RunAsync(SqlSession session)
    {
        var workers = await session.Statement(Select).ListAsync(Read).ConfigureAwait(false);
        workers.Sort(static (a, b) => string.CompareOrdinal(a.Identity.Id, b.Identity.Id));
        return workers;
    }

    private static WorkerRecord Read(SqlRow row) => new(
        new WorkerIdentity(
            row.Text(0, JobLimits.MaximumNameLength), row.Text(1, MaximumHostLength), row.Integer(2, 0, int.MaxValue), row.Names(3, JobLimits.MaximumQueues)),
        row.Time(4),
        row.Time(5),
        row.Time(6),
        row.Integer(7, 0, int.MaxValue));
}
