namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary>A worker's lease, which claims and heartbeats renew.</summary>
internal static class Lease
{
    private const string Renew = """
        INSERT INTO millrace.worker (id, slot, host, process_id, queues, started_at, seen_at, lease_until)
        VALUES (@id, @slot, @host, @process_id, @queues, millrace.clock(@now), millrace.clock(@now), millrace.clock(@now) + @lease)
        ON CONFLICT (id, slot) DO UPDATE SET host = excluded.host, process_id = excluded.process_id, queues = excluded.queues,
          seen_at = excluded.seen_at, lease_until = excluded.lease_until
        """;

    /// <summary>Renews the lease, or creates it, in the row of the session's slot.</summary>
    public static void Add(PostgresBatch batch, PostgresSession session, long? now, WorkerIdentity worker, TimeSpan lease) => batch.Add(Renew)
        .Set("@id", worker.Id)
        .Set("@slot", session.Slot)
        .Set("@host", worker.Host)
        .Set("@process_id", worker.ProcessId)
        .Set("@queues", worker.Queues.ToArray())
        .Set("@now", now)
        .Set("@lease", SqlTime.RoundUp(lease));
}
