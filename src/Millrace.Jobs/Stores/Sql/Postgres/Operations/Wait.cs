namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary>How <see cref="JobStore.WaitForWorkAsync"/> hears of what other processes do. Who waits for work of a queue holds a shared lock with its name, as long as its session lasts;
/// who has made work tries the lock before the commit (the function <c>wake</c>, see the migrations): when somebody has it, a notification goes out with the commit.</summary>
/// <remarks>Between that try and the end of the commit a worker may begin to wait and see nothing: its next look, 50 ms later, finds it. So nobody who enqueues ever waits for
/// a lock, and a queue that nobody waits for costs no notification, whose commits would take turns.</remarks>
internal static class Wait
{
    private const string Mark = "SELECT pg_advisory_lock_shared(hashtextextended('millrace.wait ' || q.name, 0)) IS NULL FROM unnest(@queues) AS q(name)";

    private const string Unmark = "SELECT pg_advisory_unlock_shared(hashtextextended('millrace.wait ' || q.name, 0)) FROM unnest(@queues) AS q(name)";

    /// <summary>Takes all marks of a session away.</summary>
    public const string LeaveAll = "SELECT pg_advisory_unlock_all()";

    private const string Wake = "SELECT millrace.wake(q.name) IS NULL FROM unnest(@queues) AS q(name)";

    /// <summary>Marks queues as waited for; to be followed by a look at them.</summary>
    public static void AddMark(PostgresBatch batch, string[] queues) => batch.Add(Mark, static _ => { }).Set("@queues", queues);

    /// <summary>Wakes those who wait, for what no trigger sees: a place that became free, or the end of a pause.</summary>
    public static void AddWake(PostgresBatch batch, string[] queues) => batch.Add(Wake, static _ => { }).Set("@queues", queues);

    /// <summary>Takes the marks away that <see cref="AddMark"/> made.</summary>
    public static async ValueTask LeaveAsync(PostgresSession session, string[] queues)
    {
        var batch = session.Batch();
        batch.Add(Unmark, static _ => { }).Set("@queues", queues);
        await batch.RunAsync(CancellationToken.None).ConfigureAwait(false);
    }
}
