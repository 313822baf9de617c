namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.GetLinksAsync"/>.</summary>
internal static class GetLinks
{
    private const string Find = "SELECT j.id, j.sequence, j.queue, w.condition FROM millrace_job j LEFT JOIN millrace_wait w ON w.job = j.sequence WHERE j.id = @id";

    private const string After = "SELECT id, queue, ended, result, omitted FROM millrace_link WHERE job = @job ORDER BY position";

    private const string Before = """
        SELECT j.id, j.queue FROM millrace_link l JOIN millrace_job j ON j.sequence = l.job WHERE l.id = @id AND l.queue = @queue ORDER BY j.queue, j.id
        """;

    public static async ValueTask<JobLinks?> RunAsync(SqlSession session, string id)
    {
        var found = await session.Statement(Find).Set("@id", id)
            .ListAsync(static row => (Sequence: row.Number(1), Queue: row.Text(2, JobLimits.MaximumNameLength), Condition: row.IsNull(3) ? default : (JobCondition)row.Number(3, 0, 3)))
            .ConfigureAwait(false);
        if (found.Count == 0)
        {
            return null;
        }

        var (sequence, queue, condition) = found[0];
        return new JobLinks
        {
            Condition = condition,
            After = await session.Statement(After).Set("@job", sequence).ListAsync(ReadLink).ConfigureAwait(false),
            Before = await session.Statement(Before).Set("@id", id).Set("@queue", queue).ListAsync(static row => ReadAddress(row)).ConfigureAwait(false),
        };
    }

    private static JobAddress ReadAddress(SqlRow row) => new(row.Text(1, JobLimits.MaximumNameLength), row.Text(0, JobLimits.MaximumIdLength));

    private static JobLink ReadLink(SqlRow row) => new()
    {
        Job = ReadAddress(row),
        Ended = row.IsNull(2) ? null : row.State(2),
        Result = row.BytesOrNull(3),
        ResultOmitted = row.Flag(4),
    };
}
