namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>The schedules' rows.</summary>
internal static class ScheduleTable
{
    /// <summary>Begins a query for <see cref="ScheduleRow.Read"/>.</summary>
    public const string Select = $"SELECT {ScheduleRow.Columns} FROM millrace_schedule";

    private const string Find = Select + " WHERE name = @name";

    /// <summary>The schedule of a name; null when there is none.</summary>
    public static ValueTask<ScheduleRecord?> FindAsync(SqlSession session, string name) =>
        session.Statement(Find).Set("@name", name).FirstAsync(ScheduleRow.Read);
}
