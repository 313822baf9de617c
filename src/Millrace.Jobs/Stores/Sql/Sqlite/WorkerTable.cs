namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>The workers' rows.</summary>
internal static class WorkerTable
{
    private const string Upsert = """
        INSERT INTO millrace_worker (id, host, process_id, queues, started_at, seen_at, lease_until)
        VALUES (@id, @host, @process_id, @queues, @now, @now, @lease_until)
        ON CONFLICT (id) DO UPDATE SET host = excluded.host, process_id = excluded.process_id, queues = excluded.queues,
          seen_at = excluded.seen_at, lease_until = excluded.lease_until
        """;

    /// <summary>Renews a worker's lease, or creates it.</summary>
    public static async ValueTask RenewAsync(WriteSession session, WorkerIdentity worker, TimeSpan lease) =>
        await session.Statement(Upsert)
            .Set("@id", worker.Id)
            .Set("@host", worker.Host)
            .Set("@process_id", (long)worker.ProcessId)
            .Set("@queues", SqlValue.Json(worker.Queues))
            .Set("@now", session.Now)
            .Set("@lease_until", session.Now + SqlTime.RoundUp(lease))
            .RunAsync().ConfigureAwait(false);
}
