namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.SetQueuePausedAsync"/>.</summary>
internal static class SetQueuePaused
{
    private const string Upsert = """
        INSERT INTO millrace_queue (name, paused, scheduled, retrying, waiting, running, completed, dead, cancelled)
        VALUES (@name, @paused, 0, 0, 0, 0, 0, 0, 0)
        ON CONFLICT (name) DO UPDATE SET paused = excluded.paused
        """;

    public static ValueTask<int> RunAsync(WriteSession session, string queue, bool paused)
    {
        session.Wake(queue);
        return session.Statement(Upsert).Set("@name", queue).Set("@paused", paused ? 1L : 0L).RunAsync();
    }
}
