namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary>The question behind <see cref="JobStore.WaitForWorkAsync"/>: when will there be a job to claim?</summary>
internal static class FindWork
{
    // One row per queue that is known and not paused. It asks the indexes that a claim uses, not the kept counts: were those wrong, a worker
    // would ask again and again for a job that no claim finds.
    private const string Due = """
        SELECT MAX(COALESCE(l.blocked_until, 0), CASE WHEN EXISTS (SELECT 1 FROM millrace_job j WHERE j.queue = @queue AND j.state = 1 AND j.job_group IS NULL)
          OR EXISTS (SELECT 1 FROM millrace_group g WHERE g.queue = @queue AND g.turn IS NOT NULL AND g.name <> '') THEN 0
          ELSE (SELECT MIN(n.at) FROM (
            SELECT * FROM (SELECT j.due_at AS at FROM millrace_job j WHERE j.queue = @queue AND j.state = 0 ORDER BY j.due_at LIMIT 1)
            UNION ALL SELECT MIN(g.rests_until) FROM millrace_group g WHERE g.queue = @queue AND g.rests_until IS NOT NULL) n) END) AS due
        FROM millrace_queue q LEFT JOIN millrace_limit l ON l.queue = q.name
        WHERE q.name = @queue AND q.paused = 0 AND COALESCE(l.full, 0) = 0
        """;

    /// <summary>The earliest time at which one of the queues has a ready job; 0 for now, null for none in sight.</summary>
    public static async ValueTask<long?> RunAsync(SqlSession session, IReadOnlyCollection<string> queues)
    {
        long? earliest = null;
        foreach (var queue in queues)
        {
            if (await session.Statement(Due).Set("@queue", queue).ScalarAsync().ConfigureAwait(false) is long due && !(due >= earliest))
            {
                earliest = due;
            }
        }

        return earliest;
    }
}
