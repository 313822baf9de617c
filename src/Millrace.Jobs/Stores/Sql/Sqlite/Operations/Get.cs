namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.GetAsync"/>.</summary>
internal static class Get
{
    private const string Select = JobTable.SelectFull + " WHERE j.id = @id";

    public static async ValueTask<JobRecord?> RunAsync(SqlSession session, string id) =>
        (await session.Statement(Select).Set("@id", id).FirstAsync(JobRow.Read).ConfigureAwait(false))?.Record;
}
