namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.ReportProgressAsync"/>.</summary>
internal static class ReportProgress
{
    private const string Update = """
        UPDATE millrace_job SET progress = @progress, progress_message = @message
        WHERE id = @id AND state = 2 AND token = @token
        """;

    public static async ValueTask<bool> RunAsync(WriteSession session, JobRun run, int percent, string? message) =>
        await session.Statement(Update)
            .Set("@id", run.Id)
            .Set("@token", run.Token)
            .Set("@progress", (long)percent)
            .Set("@message", message)
            .RunAsync().ConfigureAwait(false) == 1;
}
