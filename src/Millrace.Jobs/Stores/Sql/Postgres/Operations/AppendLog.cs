namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.AppendLogAsync"/>.</summary>
internal static class AppendLog
{
    // The job's row is locked, so that it is not removed meanwhile without its lines.
    private const string Insert = """
        WITH own AS MATERIALIZED (
          SELECT id, logged FROM millrace.job WHERE id = @id AND queue = @queue AND token = @token AND state = 2 FOR NO KEY UPDATE),
        marked AS (UPDATE millrace.job j SET logged = true FROM own WHERE j.id = own.id AND NOT own.logged)
        INSERT INTO millrace.log (job, at, text) SELECT id, millrace.clock(@now), @message FROM own
        RETURNING true
        """;

    private const string Cut = """
        DELETE FROM millrace.log
        WHERE job = @id AND number < (SELECT l.number FROM millrace.log l WHERE l.job = @id ORDER BY l.number DESC OFFSET @last LIMIT 1)
        """;

    public static async ValueTask<bool> RunAsync(PostgresSession session, long? now, JobRun run, string text, CancellationToken cancellationToken)
    {
        var kept = false;
        var batch = session.Batch();
        batch.Add(Insert, _ => kept = true)
            .Set("@id", run.Id)
            .Set("@queue", run.Queue)
            .Set("@token", run.Token)
            .Set("@now", now)
            .Set("@message", PostgresValue.Text(text));
        batch.Add(Cut).Set("@id", run.Id).Set("@last", JobLimits.MaximumLogLines - 1);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return kept;
    }
}
