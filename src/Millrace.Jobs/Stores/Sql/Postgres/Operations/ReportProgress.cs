namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.ReportProgressAsync"/>.</summary>
internal static class ReportProgress
{
    private const string Update = """
        UPDATE millrace.job SET progress = @progress, progress_message = @message
        WHERE id = @id AND queue = @queue AND token = @token AND state = 2
        RETURNING true
        """;

    public static async ValueTask<bool> RunAsync(PostgresSession session, JobRun run, int percent, string? message, CancellationToken cancellationToken)
    {
        var kept = false;
        var batch = session.Batch();
        batch.Add(Update, _ => kept = true)
            .Set("@id", run.Id)
            .Set("@queue", run.Queue)
            .Set("@token", run.Token)
            .Set("@progress", percent)
            .Set("@message", PostgresValue.Text(message));
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return kept;
    }
}
