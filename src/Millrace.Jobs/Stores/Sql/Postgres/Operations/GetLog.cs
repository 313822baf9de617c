namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.GetLogAsync"/>.</summary>
internal static class GetLog
{
    private const string Select = "SELECT at, text FROM millrace.log WHERE job = @id ORDER BY number";

    public static async ValueTask<IReadOnlyList<JobLogLine>> RunAsync(PostgresSession session, string id, CancellationToken cancellationToken)
    {
        var lines = new List<JobLogLine>();
        var batch = session.Batch();
        batch.Add(Select, lines, static row => new JobLogLine(row.Time(0), row.Text(1, JobLimits.MaximumLogLineLength))).Set("@id", id);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return lines;
    }
}
