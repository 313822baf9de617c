namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.RemoveScheduleAsync"/>.</summary>
internal static class RemoveSchedule
{
    private const string Delete = "DELETE FROM millrace_schedule WHERE name = @name";

    public static async ValueTask<bool> RunAsync(WriteSession session, string name) =>
        await session.Statement(Delete).Set("@name", name).RunAsync().ConfigureAwait(false) == 1;
}
