namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.DeleteAsync"/>.</summary>
internal static class Delete
{
    private const string Lock = "SELECT id FROM millrace.job WHERE id = ANY (@ids) AND state <> 2 ORDER BY id FOR UPDATE";

    private const string Remove = $"""
        WITH removed AS (DELETE FROM millrace.job WHERE id = ANY (@ids) AND state <> 2 RETURNING id, queue, state, attempt, sequence, tags, unique_key),
        leaving AS (SELECT queue, unique_key, id FROM removed WHERE unique_key IS NOT NULL),
        {UniqueKeys.Free},
        untagged AS (
          DELETE FROM millrace.job_tag t USING (SELECT sequence, unnest(tags) AS tag FROM removed WHERE tags IS NOT NULL) r
          WHERE t.tag = r.tag AND t.sequence = r.sequence),
        moves AS (SELECT queue, state, attempt, -1 AS number FROM removed)
        {QueueChange.Insert}
        """;

    public static async ValueTask<IReadOnlyList<string>> RunAsync(PostgresSession session, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var removed = new HashSet<string>(StringComparer.Ordinal);
        var batch = session.Batch();
        batch.Add(Lock, row => removed.Add(row.Text(0, JobLimits.MaximumIdLength))).Set("@ids", ids.ToArray());
        batch.Add(Remove).Set("@ids", ids.ToArray());
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return [.. ids.Where(removed.Remove)];
    }
}
