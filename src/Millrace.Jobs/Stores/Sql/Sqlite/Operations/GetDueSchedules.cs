namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.GetDueSchedulesAsync"/>.</summary>
internal static class GetDueSchedules
{
    private const string Next = ScheduleTable.Select + """
         WHERE paused = 0 AND next_at IS NOT NULL
        ORDER BY next_at, name
        LIMIT @limit
        """;

    public static async ValueTask<DueSchedules> RunAsync(SqlSession session, int maximum, DateTimeOffset now)
    {
        // One more than asked for: the first that is not due, or no longer fits, tells when to ask again.
        var next = await session.Statement(Next).Set("@limit", (long)maximum + 1).ListAsync(ScheduleRow.Read).ConfigureAwait(false);
        var due = next.TakeWhile(schedule => schedule.NextAt <= now).Take(maximum).ToList();
        return new DueSchedules(now, due, next.Count > due.Count ? next[due.Count].NextAt : null);
    }
}
