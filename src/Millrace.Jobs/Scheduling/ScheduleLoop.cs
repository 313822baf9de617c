using Microsoft.Extensions.Logging;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Retrying;

namespace Millrace.Jobs.Scheduling;

/// <summary>Fires schedules. Every process may run one: the store lets exactly one of them fire a tick. What becomes of ticks that were
/// missed while nothing ran, the schedule says.</summary>
internal sealed class ScheduleLoop(
    JobStore store,
    JobFactory factory,
    IEnumerable<ScheduleRegistration> declared,
    JobsOptions options,
    JobNotifications notifications,
    JobMetrics metrics,
    TimeProvider clock,
    Jitter jitter,
    ILogger logger,
    IEnqueueListener? listener = null)
{
    private const int Batch = 100;

    /// <summary>A tick that is later than this was missed.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(1);

    /// <summary>Stores the schedules that the code declares.</summary>
    public async Task DeclareAsync(CancellationToken cancellationToken)
    {
        if (declared.Any())
        {
            await DeclareAsync(await ScheduleTimes.NowAsync(store, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The same, as if it had been done then: a new schedule's first tick comes after <paramref name="then"/>.</summary>
    public async Task DeclareAsync(DateTimeOffset then, CancellationToken cancellationToken)
    {
        foreach (var schedule in declared)
        {
            var definition = schedule.Define(factory);
            await store.UpsertScheduleAsync(definition, ScheduleTimes.Next(definition, then), cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new StoreBackoff("schedule", clock, jitter, logger);
        try
        {
            while (true)
            {
                try
                {
                    var wait = await FireDueAsync(cancellationToken).ConfigureAwait(false);
                    backoff.Succeeded();
                    await Task.Delay(wait, clock, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception error) when (!cancellationToken.IsCancellationRequested)
                {
                    await backoff.WaitAsync(error, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The engine stops; a store that fails just then must not keep the rest from being stopped.
        }
    }

    /// <summary>Fires what is due and tells how long nothing will be: never longer than the poll interval, since other processes add and resume
    /// schedules too.</summary>
    public async Task<TimeSpan> FireDueAsync(CancellationToken cancellationToken)
    {
        var due = await store.GetDueSchedulesAsync(Batch, cancellationToken).ConfigureAwait(false);
        var allFired = true;
        foreach (var schedule in due.Due)
        {
            allFired &= await FireAsync(schedule, due.Now, cancellationToken).ConfigureAwait(false);
        }

        if (due.Due.Count > 0 && allFired)
        {
            return TimeSpan.Zero; // look again: more may have been due, and the next ticks are new
        }

        var wait = due.NextAt - due.Now;
        return wait is { } soon && soon > TimeSpan.Zero && soon < options.PollInterval ? soon : options.PollInterval;
    }

    private async Task<bool> FireAsync(ScheduleRecord schedule, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var definition = schedule.Definition;
        var tick = schedule.NextAt!.Value;
        DateTimeOffset? next;
        bool passOver;
        try
        {
            (next, passOver) = ScheduleTimes.Follow(schedule, now, Late);
        }
        catch (Exception error) when (error is FormatException or ArgumentException or TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            Log.ScheduleUnreadable(logger, definition.Name, definition.Cron, definition.TimeZone, error);
            return false;
        }

        var job = ScheduleTimes.CreateJob(definition, factory.NewId());
        var request = new FireRequest { Name = definition.Name, Tick = tick, NextAt = next, PassOver = passOver, Job = job, MaximumQueueLength = options.MaximumQueueLength };
        using var hold = notifications.Hold([job.Id]);
        switch (await store.FireScheduleAsync(request, cancellationToken).ConfigureAwait(false))
        {
            case FireStatus.Fired:
                Log.ScheduleFired(logger, definition.Name, tick, job.Id);
                metrics.Enqueued(job.Queue, job.Type);
                hold.Publish(notifications.Describe(job));
                listener?.Fired(job);
                return true;
            case FireStatus.Skipped:
                Log.ScheduleSkipped(logger, definition.Name, tick);
                return true;
            case FireStatus.QueueFull:
                Log.ScheduleQueueFull(logger, definition.Name, tick, definition.Queue);
                return false;
            default:
                return true; // another node has fired it
        }
    }
}
