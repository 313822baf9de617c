namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.CancelAsync"/>.</summary>
internal static class Cancel
{
    private const string Lock = "SELECT state, attempt FROM millrace.job WHERE id = @id FOR UPDATE";

    private const string Ask = "UPDATE millrace.job SET cancel_requested = true WHERE id = @id AND state = 2";

    private const string End = $"""
        WITH before AS (SELECT queue, state, attempt FROM millrace.job WHERE id = @id AND (state < 2 OR state = 6)),
        ended AS (
          UPDATE millrace.job SET state = 5, finished_at = millrace.clock(@now) WHERE id = @id AND (state < 2 OR state = 6)
          RETURNING id, queue, state, attempt, unique_key),
        leaving AS (SELECT queue, unique_key, id FROM ended WHERE unique_key IS NOT NULL),
        {UniqueKeys.Free},
        moves AS (SELECT queue, state, attempt, -1 AS number FROM before UNION ALL SELECT queue, state, attempt, 1 FROM ended)
        {QueueChange.Insert}
        """;

    public static async ValueTask<CancelStatus> RunAsync(PostgresSession session, long? now, string id, CancellationToken cancellationToken)
    {
        JobState? state = null;
        var batch = session.Batch();
        batch.Add(Lock, row => state = row.State(0)).Set("@id", id);
        batch.Add(Ask).Set("@id", id);
        batch.Add(End).Set("@id", id).Set("@now", now);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return state switch
        {
            null => CancelStatus.NotFound,
            JobState.Scheduled or JobState.Waiting or JobState.Blocked => CancelStatus.Cancelled,
            JobState.Running => CancelStatus.Requested,
            _ => CancelStatus.AlreadyEnded,
        };
    }
}
