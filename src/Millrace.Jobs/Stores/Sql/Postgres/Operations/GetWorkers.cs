namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.GetWorkersAsync"/>.</summary>
internal static class GetWorkers
{
    private const int MaximumHostLength = 1_000;

    private const string Select = """
        SELECT w.id, w.host, w.process_id, w.queues, a.started_at, w.seen_at, a.lease_until,
          (SELECT count(*) FROM millrace.job j WHERE j.worker = w.id) AS running
        FROM (SELECT DISTINCT ON (id) id, host, process_id, queues, seen_at FROM millrace.worker ORDER BY id, seen_at DESC) w
        JOIN (SELECT id, min(started_at) AS started_at, max(lease_until) AS lease_until FROM millrace.worker GROUP BY id) a ON a.id = w.id
        """;

    public static async ValueTask<IReadOnlyList<WorkerRecord>> RunAsync(PostgresSession session, CancellationToken cancellationToken)
    {
        var workers = new List<WorkerRecord>();
        var batch = session.Batch();
        batch.Add(Select, workers, Read);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
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
