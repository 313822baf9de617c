namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.GetSchedulesAsync"/>.</summary>
internal static class GetSchedules
{
    private const string Select = $"SELECT {ScheduleRow.Columns} FROM millrace.schedule";

    public static async ValueTask<IReadOnlyList<ScheduleRecord>> RunAsync(PostgresSession session, CancellationToken cancellationToken)
    {
        var schedules = new List<ScheduleRecord>();
        var batch = session.Batch();
        batch.Add(Select, schedules, ScheduleRow.Read);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        schedules.Sort(static (a, b) => string.CompareOrdinal(a.Definition.Name, b.Definition.Name));
        return schedules;
    }
}
