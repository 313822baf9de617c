namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.AppendLogAsync"/>.</summary>
internal static class AppendLog
{
    private const string Insert = """
        INSERT INTO millrace_log (job, number, at, text)
        SELECT j.sequence, COALESCE((SELECT MAX(l.number) FROM millrace_log l WHERE l.job = j.sequence), 0) + 1, @at, @text
        FROM millrace_job j WHERE j.id = @id AND j.state = 2 AND j.token = @token
        """;

    private const string Cut = """
        DELETE FROM millrace_log
        WHERE job = (SELECT sequence FROM millrace_job WHERE id = @id)
          AND number <= (SELECT MAX(l.number) FROM millrace_log l WHERE l.job = millrace_log.job) - @most
        """;

    public static async ValueTask<bool> RunAsync(WriteSession session, JobRun run, string text)
    {
        var kept = await session.Statement(Insert)
            .Set("@id", run.Id)
            .Set("@token", run.Token)
            .Set("@at", session.Now)
            .Set("@text", text)
            .RunAsync().ConfigureAwait(false) == 1;
        if (kept)
        {
            await session.Statement(Cut).Set("@id", run.Id).Set("@most", (long)JobLimits.MaximumLogLines).RunAsync().ConfigureAwait(false);
        }

        return kept;
    }
}
