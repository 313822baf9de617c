namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary>Tells jobs that wait how others have ended, in a transaction of its own: the ends are written with what causes them, so nothing is missed when it is not done.</summary>
internal static class Tell
{
    /// <summary>Ends of one call; of more there is another one.</summary>
    private const int MaximumEnds = 10_000;

    private const string Any = "SELECT 1 FROM millrace.link_end LIMIT 1";

    private const string Run = "SELECT DISTINCT queue FROM millrace.tell(@now, @ends::integer) AS t(queue)";

    /// <returns>The queues in which jobs became pending.</returns>
    public static async ValueTask<IReadOnlyCollection<string>> RunAsync(PostgresSession session, long? now, CancellationToken cancellationToken)
    {
        var queues = new HashSet<string>(StringComparer.Ordinal);
        for (var more = true; more;)
        {
            more = false;
            var batch = session.Batch();
            batch.Add(Any, _ => more = true);
            await batch.RunAsync(cancellationToken).ConfigureAwait(false);
            if (more)
            {
                batch = session.Batch();
                batch.Add(Run, row => queues.Add(row.Text(0, JobLimits.MaximumNameLength))).Set("@now", now).Set("@ends", MaximumEnds);
                await batch.RunAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        return queues;
    }
}
