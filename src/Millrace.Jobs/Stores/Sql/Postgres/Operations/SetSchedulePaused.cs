namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.SetSchedulePausedAsync"/>.</summary>
internal static class SetSchedulePaused
{
    private const string Update = """
        UPDATE millrace.schedule
        SET next_at = CASE WHEN paused AND NOT @paused THEN @next_at ELSE next_at END, paused = @paused
        WHERE name = @name
        RETURNING true
        """;

    public static async ValueTask<bool> RunAsync(PostgresSession session, string name, bool paused, DateTimeOffset? nextAt, CancellationToken cancellationToken)
    {
        var known = false;
        var batch = session.Batch();
        batch.Add(Update, _ => known = true).Set("@name", name).Set("@paused", paused).Set("@next_at", SqlValue.Milliseconds(nextAt));
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return known;
    }
}
