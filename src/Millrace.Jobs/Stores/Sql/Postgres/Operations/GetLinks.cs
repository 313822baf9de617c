namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.GetLinksAsync"/>.</summary>
internal static class GetLinks
{
    private const string Find = "SELECT j.id, w.condition FROM millrace.job j LEFT JOIN millrace.wait w ON w.job = j.id WHERE j.id = @id";

    private const string After = "SELECT id, queue, ended, result, omitted FROM millrace.link WHERE job = @id ORDER BY position";

    private const string Before = """
        SELECT d.id, d.queue FROM millrace.job j JOIN millrace.link l ON l.id = j.id AND l.queue = j.queue JOIN millrace.job d ON d.id = l.job
        WHERE j.id = @id ORDER BY d.queue, d.id
        """;

    public static async ValueTask<JobLinks?> RunAsync(PostgresSession session, string id, CancellationToken cancellationToken)
    {
        JobCondition? condition = null;
        var (after, before) = (new List<JobLink>(), new List<JobAddress>());
        var batch = session.Batch();
        batch.Add(Find, row => condition = row.IsNull(1) ? default : (JobCondition)row.Number(1, 0, 3)).Set("@id", id);
        batch.Add(After, after, ReadLink).Set("@id", id);
        batch.Add(Before, before, static row => ReadAddress(row)).Set("@id", id);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return condition is { } known ? new JobLinks { Condition = known, After = after, Before = before } : null;
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
