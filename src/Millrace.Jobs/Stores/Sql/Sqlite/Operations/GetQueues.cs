namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.GetQueuesAsync"/>: from the kept counts.</summary>
internal static class GetQueues
{
    private const string Select = """
        SELECT name, paused, scheduled, retrying, waiting, running, completed, dead, cancelled, blocked FROM millrace_queue
        WHERE paused = 1 OR scheduled + waiting + blocked + running + completed + dead + cancelled > 0
        """;

    public static async ValueTask<IReadOnlyList<QueueStatus>> RunAsync(SqlSession session)
    {
        var queues = await session.Statement(Select).ListAsync(Read).ConfigureAwait(false);
        queues.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return queues;
    }

    private static QueueStatus Read(SqlRow row) => new()
    {
        Name = row.Text(0, JobLimits.MaximumNameLength),
        Paused = row.Flag(1),
        Delayed = row.Number(2, 0) - row.Number(3, 0, row.Number(2, 0)),
        Retrying = row.Number(3, 0),
        Waiting = row.Number(4, 0),
        Running = row.Number(5, 0),
        Completed = row.Number(6, 0),
        Dead = row.Number(7, 0),
        Cancelled = row.Number(8, 0),
        Blocked = row.Number(9, 0),
    };
}
