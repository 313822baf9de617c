namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.SetSchedulePausedAsync"/>.</summary>
internal static class SetSchedulePaused
{
    private const string Pause = "UPDATE millrace_schedule SET paused = 1 WHERE name = @name";

    private const string Resume = "UPDATE millrace_schedule SET paused = 0, next_at = @next_at WHERE name = @name";

    public static async ValueTask<bool> RunAsync(WriteSession session, string name, bool paused, DateTimeOffset? nextAt)
    {
        var schedule = await ScheduleTable.FindAsync(session, name).ConfigureAwait(false);
        if (schedule is not null && schedule.Paused != paused)
        {
            var statement = session.Statement(paused ? Pause : Resume).Set("@name", name);
            if (!paused)
            {
                statement.Set("@next_at", SqlValue.Milliseconds(nextAt));
            }

            await statement.RunAsync().ConfigureAwait(false);
        }

        return schedule is not null;
    }
}
