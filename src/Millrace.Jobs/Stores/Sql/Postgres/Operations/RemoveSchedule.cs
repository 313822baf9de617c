namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.RemoveScheduleAsync"/>.</summary>
internal static class RemoveSchedule
{
    private const string Delete = "DELETE FROM millrace.schedule WHERE name = @name RETURNING true";

    public static async ValueTask<bool> RunAsync(PostgresSession session, string name, CancellationToken cancellationToken)
    {
        var removed = false;
        var batch = session.Batch();
        batch.Add(Delete, _ => removed = true).Set("@name", name);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return removed;
    }
}
