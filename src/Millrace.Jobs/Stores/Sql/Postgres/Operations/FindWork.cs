namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary>The question behind <see cref="JobStore.WaitForWorkAsync"/>: how long until there is a job to claim?</summary>
internal static class FindWork
{
    // Of a queue q. Groups that are not at a limit have a turn, or are in the news.
    private const string Wait = """
        CASE WHEN EXISTS (SELECT 1 FROM millrace.job j WHERE j.queue = q.name AND j.state = 1 AND j.job_group IS NULL)
            OR coalesce((SELECT true FROM millrace.job_group g WHERE g.queue = q.name AND g.turn IS NOT NULL AND g.name <> '' LIMIT 1),
              (SELECT true FROM millrace.group_news n WHERE n.queue = q.name LIMIT 1), false) THEN 0
          ELSE least((SELECT j.due_at FROM millrace.job j WHERE j.queue = q.name AND j.state = 0 ORDER BY j.due_at LIMIT 1),
            (SELECT min(g.rests_until) FROM millrace.job_group g WHERE g.queue = q.name AND g.rests_until IS NOT NULL)) - millrace.clock(@now) END
        """;

    // It asks the indexes that a claim uses, not the counts: were those wrong, a worker would ask again and again for a job that no claim finds.
    private const string Due = $"""
        SELECT min({Wait})
        FROM unnest(@queues) AS q(name)
        WHERE NOT EXISTS (SELECT 1 FROM millrace.queue p WHERE p.name = q.name AND p.paused)
        """;

    private const string DueWithinLimits = $"""
        SELECT min(CASE WHEN d.wait IS NOT NULL THEN greatest(d.wait, CASE WHEN q.rated THEN
          (SELECT r.blocked_until FROM millrace.rate r WHERE r.queue = q.name) - millrace.clock(@now) END) END)
        FROM unnest(@queues, @most, @rated) AS q(name, most, rated)
        CROSS JOIN LATERAL (
          SELECT {Wait} AS wait) d
        WHERE NOT EXISTS (SELECT 1 FROM millrace.queue p WHERE p.name = q.name AND p.paused)
          AND CASE WHEN q.most IS NULL THEN true ELSE q.most > (SELECT count(*) FROM millrace.job j WHERE j.worker IS NOT NULL AND j.queue = q.name) END
        """;

    /// <summary>Milliseconds until one of the queues has a job to claim; zero or less when one has, null for none in sight.</summary>
    /// <param name="session">The session.</param>
    /// <param name="now">The store's clock; null is the server's.</param>
    /// <param name="queues">The queues.</param>
    /// <param name="limits">The limits of those that have any.</param>
    /// <param name="before">Adds what comes before the look.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask<long?> RunAsync(
        PostgresSession session, long? now, IReadOnlyCollection<string> queues, IReadOnlyDictionary<string, QueueCapacity> limits, Action<PostgresBatch>? before,
        CancellationToken cancellationToken)
    {
        long? wait = null;
        var batch = session.Batch();
        before?.Invoke(batch);
        var limited = queues.Any(limits.ContainsKey);
        var statement = batch.Add(limited ? DueWithinLimits : Due, row => wait = row.IsNull(0) ? null : row.Number(0)).Set("@now", now).Set("@queues", queues.ToArray());
        if (limited)
        {
            statement
                .Set("@most", queues.Select(queue => (long?)limits.GetValueOrDefault(queue).MaximumRunning).ToArray())
                .Set("@rated", queues.Select(queue => limits.GetValueOrDefault(queue).Rate is not null).ToArray());
        }

        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return wait;
    }
}
