namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.LeaveAsync"/>.</summary>
internal static class Leave
{
    private const string Delete = "DELETE FROM millrace.worker WHERE id = @id";

    public static async ValueTask<bool> RunAsync(PostgresSession session, string workerId, CancellationToken cancellationToken)
    {
        var batch = session.Batch();
        batch.Add(Delete).Set("@id", workerId);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }
}
