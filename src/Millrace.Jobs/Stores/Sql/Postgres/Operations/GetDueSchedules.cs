namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.GetDueSchedulesAsync"/>.</summary>
internal static class GetDueSchedules
{
    private const string Clock = "SELECT millrace.clock(@now)";

    private const string Next = $"""
        SELECT {ScheduleRow.Columns} FROM millrace.schedule WHERE NOT paused AND next_at IS NOT NULL ORDER BY next_at, name LIMIT @limit
        """;

    public static async ValueTask<DueSchedules> RunAsync(PostgresSession session, long? now, int maximum, CancellationToken cancellationToken)
    {
        // One more than asked for: the first that is not due, or no longer fits, tells when to ask again.
        var time = DateTimeOffset.UnixEpoch;
        var next = new List<ScheduleRecord>();
        var batch = session.Batch();
        batch.Add(Clock, row => time = row.Time(0)).Set("@now", now);
        batch.Add(Next, next, ScheduleRow.Read).Set("@limit", maximum + 1L);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        var due = next.TakeWhile(schedule => schedule.NextAt <= time).Take(maximum).ToList();
        return new DueSchedules(time, due, next.Count > due.Count ? next[due.Count].NextAt : null);
    }
}
