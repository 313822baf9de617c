namespace Millrace.Jobs.Testing;

public sealed partial class JobTester
{
    /// <summary>Runs what is due, one job after the other, until nothing is:
    /// 1. fires the schedules that are due;
    /// 2. runs the jobs that are due, in the order in which a worker claims them, and those that they enqueue;
    /// 3. when retries or snoozes are asked for, moves the clock to the next one and goes on with 1.</summary>
    /// <param name="options">What else to run; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the job that runs, as <see cref="JobClient.CancelAsync"/> does, and ends the drain.</param>
    /// <returns>What ran. Errors of handlers are in it and not thrown: <see cref="JobDrainResult.ThrowIfFailed"/>.</returns>
    /// <exception cref="InvalidOperationException">It does not come to an end, or it should move a clock that is not a <see cref="JobTestClock"/>.</exception>
    public async Task<JobDrainResult> DrainAsync(JobDrainOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new JobDrainOptions();
        var clock = options.Retries || options.Snoozes ? RequireClock() : null;
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var runs = new List<JobTestRun>();
            while (true)
            {
                // 1. and 2.
                await RunDueAsync(runs, options, cancellationToken).ConfigureAwait(false);

                // 3. Move on to what is asked for.
                if (clock is null || await NextAttemptAsync(options, cancellationToken).ConfigureAwait(false) is not { } next)
                {
                    return await ResultAsync(runs, cancellationToken).ConfigureAwait(false);
                }

                clock.AdvanceTo(next);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Lets time pass: moves the clock from one retry, delayed job, snooze or tick of a schedule to the next, and drains at each, as an application that runs all
    /// the while would. (Moving the clock itself and draining afterwards is what one that was stopped meanwhile does.)</summary>
    /// <param name="by">How far to move it.</param>
    /// <param name="options">Queues, schedules and the bound of the drains; null for the defaults. Retries and snoozes run when their time has come.</param>
    /// <param name="cancellationToken">Cancels the job that runs, as <see cref="JobClient.CancelAsync"/> does, and ends the advance.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="by"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">It does not come to an end, or the clock is not a <see cref="JobTestClock"/>.</exception>
    public async Task<JobDrainResult> AdvanceAsync(TimeSpan by, JobDrainOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        options ??= new JobDrainOptions();
        var clock = RequireClock();
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var runs = new List<JobTestRun>();
            var end = clock.GetUtcNow() + by;
            await RunDueAsync(runs, options, cancellationToken).ConfigureAwait(false);
            while (await NextEventAsync(options, cancellationToken).ConfigureAwait(false) is { } next && next <= end)
            {
                clock.AdvanceTo(next);
                await RunDueAsync(runs, options, cancellationToken).ConfigureAwait(false);
            }

            clock.AdvanceTo(end);
            await RunDueAsync(runs, options, cancellationToken).ConfigureAwait(false); // what the application's own timers enqueued
            return await ResultAsync(runs, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private JobTestClock RequireClock() => _clock as JobTestClock ?? throw new InvalidOperationException(
        $"The application's time comes from {_clock.GetType().Name}, which a test cannot move here. Set JobTestingOptions.Clock to a JobTestClock.");

    private async Task RunDueAsync(List<JobTestRun> runs, JobDrainOptions options, CancellationToken cancellationToken)
    {
        await _schedules.DeclareAsync(cancellationToken).ConfigureAwait(false);
        List<string> queues = [.. _queues.Served.Select(static queue => queue.Queue).Where(queue => options.Queues?.Contains(queue) != false)];
        do
        {
            if (options.Schedules)
            {
                await _schedules.FireDueAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        while (await RunJobsAsync(runs, queues, options.MaximumRuns, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>False when nothing was due.</summary>
    private async Task<bool> RunJobsAsync(List<JobTestRun> runs, List<string> queues, int maximum, CancellationToken cancellationToken)
    {
        var before = runs.Count;
        while (await _runner.RunNextAsync(queues, cancellationToken).ConfigureAwait(false) is { } run)
        {
            runs.Add(run);
            if (run.Outcome is FinishKind.Retry or FinishKind.Snoozed)
            {
                _waiting[run.Id] = run.Outcome;
            }
            else
            {
                _waiting.Remove(run.Id);
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (runs.Count >= maximum)
            {
                throw new InvalidOperationException(
                    $"The drain has run {runs.Count} attempts and does not come to an end (JobDrainOptions.MaximumRuns); the last one was of type '{run.Type}'. Jobs seem to enqueue each other, fail or snooze for ever.");
            }
        }

        return runs.Count > before;
    }

    /// <summary>When the next retry or snooze that the options ask for is due; null for none.</summary>
    private async Task<DateTimeOffset?> NextAttemptAsync(JobDrainOptions options, CancellationToken cancellationToken)
    {
        DateTimeOffset? next = null;
        foreach (var (id, outcome) in _waiting)
        {
            if ((outcome == FinishKind.Retry ? options.Retries : options.Snoozes)
                && await _store.GetAsync(id, cancellationToken).ConfigureAwait(false) is { State: JobState.Scheduled } job
                && options.Queues?.Contains(job.Queue) != false)
            {
                next = Earlier(next, job.DueAt);
            }
        }

        return next;
    }

    /// <summary>When the next job falls due, or a schedule ticks; null for never.</summary>
    private async Task<DateTimeOffset?> NextEventAsync(JobDrainOptions options, CancellationToken cancellationToken)
    {
        var next = options.Schedules ? (await _store.GetDueSchedulesAsync(1, cancellationToken).ConfigureAwait(false)).NextAt : null;
        await foreach (var job in ListAsync(JobState.Scheduled, cancellationToken).ConfigureAwait(false))
        {
            next = Earlier(next, job.DueAt);
        }

        return next;
    }

    /// <summary>The earlier of two instants; one that has passed does not count, whatever could not run at it.</summary>
    private DateTimeOffset? Earlier(DateTimeOffset? known, DateTimeOffset other) =>
        other > _clock.GetUtcNow() && (known is null || other < known) ? other : known;

    private async Task<JobDrainResult> ResultAsync(List<JobTestRun> runs, CancellationToken cancellationToken)
    {
        var queues = await _store.GetQueuesAsync(cancellationToken).ConfigureAwait(false);
        return new JobDrainResult(runs, [.. queues.Where(queue => queue.Waiting > 0 && _queues.Served.All(served => served.Queue != queue.Name)).Select(static queue => queue.Name)]);
    }
}
