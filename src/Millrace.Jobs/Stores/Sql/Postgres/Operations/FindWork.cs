namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary>The question behind <see cref="JobStore.WaitForWorkAsync"/>: how long until there is a job to claim?</summary>
internal static class FindWork
{
    // It asks the indexes that a claim uses, not the counts: were those wrong, a worker would ask again and again for a job that no claim finds.
    private const string Due = """
        SELECT min(CASE WHEN EXISTS (SELECT 1 FROM millrace.job j WHERE j.queue = q.name AND j.state = 1) THEN 0
          ELSE (SELECT j.due_at FROM millrace.job j WHERE j.queue = q.name AND j.state = 0 ORDER BY j.due_at LIMIT 1) - millrace.clock(@now) END)
        FROM unnest(@queues) AS q(name)
        WHERE NOT EXISTS (SELECT 1 FROM millrace.queue p WHERE p.name = q.name AND p.paused)
        """;

    /// <summary>Milliseconds until one of the queues has a ready job; zero or less when one has, null for none in sight.</summary>
    public static async ValueTask<long?> RunAsync(PostgresSession session, long? now, IReadOnlyCollection<string> queues, CancellationToken cancellationToken)
    {
        long? wait = null;
        var batch = session.Batch();
        batch.Add(Due, row => wait = row.IsNull(0) ? null : row.Number(0)).Set("@now", now).Set("@queues", queues.ToArray());
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return wait;
    }
}
