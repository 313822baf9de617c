namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.GetAsync"/>.</summary>
internal static class Get
{
    private const string Select = $"SELECT {JobRow.Columns}, j.payload FROM millrace.job j WHERE j.id = @id";

    public static async ValueTask<JobRecord?> RunAsync(PostgresSession session, string id, CancellationToken cancellationToken)
    {
        JobRecord? job = null;
        var batch = session.Batch();
        batch.Add(Select, row => job = JobRow.Read(row).Record).Set("@id", id);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return job;
    }
}
