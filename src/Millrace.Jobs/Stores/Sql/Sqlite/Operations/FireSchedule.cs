namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.FireScheduleAsync"/>.</summary>
internal static class FireSchedule
{
    private const string Move = "UPDATE millrace_schedule SET next_at = @next_at, last_at = @last_at, last_job = @last_job, runs = runs + 1 WHERE name = @name";

    private const string PassOver = "UPDATE millrace_schedule SET next_at = @next_at WHERE name = @name";

    public static async ValueTask<FireStatus> RunAsync(WriteSession session, FireRequest request)
    {
        var schedule = await ScheduleTable.FindAsync(session, request.Name).ConfigureAwait(false);
        if (schedule is null || schedule.Paused || schedule.NextAt != request.Tick || SqlTime.Cut(request.Tick) > session.Now)
        {
            return FireStatus.Missed;
        }

        if (request.PassOver)
        {
            await session.Statement(PassOver).Set("@name", request.Name).Set("@next_at", SqlValue.Milliseconds(request.NextAt)).RunAsync().ConfigureAwait(false);
            return FireStatus.Skipped;
        }

        if (!await Enqueue.ExistsAsync(session, request.Job.Id).ConfigureAwait(false))
        {
            if (await Enqueue.PendingAsync(session, request.Job.Queue).ConfigureAwait(false) >= request.MaximumQueueLength)
            {
                return FireStatus.QueueFull;
            }

            await JobTable.AddAsync(session, request.Job).ConfigureAwait(false);
        }

        await session.Statement(Move)
            .Set("@name", request.Name)
            .Set("@next_at", SqlValue.Milliseconds(request.NextAt))
            .Set("@last_at", SqlTime.Cut(request.Tick))
            .Set("@last_job", request.Job.Id)
            .RunAsync().ConfigureAwait(false);
        return FireStatus.Fired;
    }
}
