namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.SetQueuePausedAsync"/>.</summary>
internal static class SetQueuePaused
{
    private const string Upsert = """
        INSERT INTO millrace.queue (name, paused) VALUES (@name, @paused) ON CONFLICT (name) DO UPDATE SET paused = excluded.paused
        """;

    public static async ValueTask<bool> RunAsync(PostgresSession session, string queue, bool paused, CancellationToken cancellationToken)
    {
        var batch = session.Batch();
        batch.Add(Upsert).Set("@name", queue).Set("@paused", paused);
        if (!paused)
        {
            Wait.AddWake(batch, [queue]);
        }

        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return paused;
    }
}
