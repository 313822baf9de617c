namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.FireScheduleAsync"/>.</summary>
internal static class FireSchedule
{
    // Of several that fire the same tick one goes on; the others wait here and then find that the schedule has moved.
    private const string Lock = """
        SELECT true FROM millrace.schedule WHERE name = @name AND NOT paused AND next_at = @tick AND next_at <= millrace.clock(@now) FOR UPDATE
        """;

    private const string Move = "UPDATE millrace.schedule SET next_at = @next_at, last_at = @last_at, last_job = @last_job, runs = runs + 1 WHERE name = @name";

    private const string PassOver = "UPDATE millrace.schedule SET next_at = @next_at WHERE name = @name";

    public static async ValueTask<FireStatus> RunAsync(PostgresSession session, long? now, FireRequest request, CancellationToken cancellationToken)
    {
        await session.BeginAsync(cancellationToken).ConfigureAwait(false);
        var due = false;
        var batch = session.Batch();
        batch.Add(Lock, _ => due = true).Set("@name", request.Name).Set("@tick", SqlTime.Cut(request.Tick)).Set("@now", now);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        var status = !due ? FireStatus.Missed
            : request.PassOver ? await PassOverAsync(session, request, cancellationToken).ConfigureAwait(false)
            : await EnqueueAsync(session, now, request, cancellationToken).ConfigureAwait(false);
        await session.CommitAsync(cancellationToken).ConfigureAwait(false);
        return status;
    }

    private static async ValueTask<FireStatus> PassOverAsync(PostgresSession session, FireRequest request, CancellationToken cancellationToken)
    {
        var batch = session.Batch();
        batch.Add(PassOver).Set("@name", request.Name).Set("@next_at", SqlValue.Milliseconds(request.NextAt));
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return FireStatus.Skipped;
    }

    private static async ValueTask<FireStatus> EnqueueAsync(PostgresSession session, long? now, FireRequest request, CancellationToken cancellationToken)
    {
        var outcome = await Enqueue.RunWithinAsync(
            session, turn: true, now, [request.Job], request.MaximumQueueLength, more: null, cancellationToken).ConfigureAwait(false);
        if (outcome.IsFull)
        {
            return FireStatus.QueueFull;
        }

        var batch = session.Batch();
        batch.Add(Move)
            .Set("@name", request.Name)
            .Set("@next_at", SqlValue.Milliseconds(request.NextAt))
            .Set("@last_at", SqlTime.Cut(request.Tick))
            .Set("@last_job", request.Job.Id);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return FireStatus.Fired;
    }
}
