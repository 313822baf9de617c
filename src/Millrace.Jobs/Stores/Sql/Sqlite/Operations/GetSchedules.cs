namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.GetSchedulesAsync"/>.</summary>
internal static class GetSchedules
{
    public static async ValueTask<IReadOnlyList<ScheduleRecord>> RunAsync(SqlSession session)
    {
        var schedules = await session.Statement(ScheduleTable.Select).ListAsync(ScheduleRow.Read).ConfigureAwait(false);
        schedules.Sort(static (a, b) => string.CompareOrdinal(a.Definition.Name, b.Definition.Name));
        return schedules;
    }
}
