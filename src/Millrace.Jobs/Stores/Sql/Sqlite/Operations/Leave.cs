namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.LeaveAsync"/>.</summary>
internal static class Leave
{
    private const string Delete = "DELETE FROM millrace_worker WHERE id = @id";

    public static ValueTask<int> RunAsync(WriteSession session, string workerId) => session.Statement(Delete).Set("@id", workerId).RunAsync();
}
