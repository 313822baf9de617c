namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.GetLogAsync"/>.</summary>
internal static class GetLog
{
    private const string Select = """
        SELECT l.at, l.text FROM millrace_job j JOIN millrace_log l ON l.job = j.sequence WHERE j.id = @id ORDER BY l.number
        """;

    public static async ValueTask<IReadOnlyList<JobLogLine>> RunAsync(SqlSession session, string id) =>
        await session.Statement(Select).Set("@id", id).ListAsync(static row => new JobLogLine(row.Time(0), row.Text(1, JobLimits.MaximumLogLineLength))).ConfigureAwait(false);
}
