using Microsoft.Extensions.Options;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Executing;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Payloads;
using Millrace.Jobs.Scheduling;
using Millrace.Jobs.Working;

namespace Millrace.Jobs;

/// <summary>Enqueues jobs, looks at them, and operates queues. A singleton; thread-safe.</summary>
public sealed partial class JobClient
{
    private readonly JobStore _store;
    private readonly JobFactory _factory;
    private readonly JobsOptions _options;
    private readonly QueueTable _queues;
    private readonly RunningJobs _running;
    private readonly JobNotifications _notifications;
    private readonly JobMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly PayloadCoding _coding;
    private readonly IEnqueueListener? _listener;

    internal JobClient(
        JobStore store,
        JobFactory factory,
        IOptions<JobsOptions> options,
        QueueTable queues,
        RunningJobs running,
        JobNotifications notifications,
        JobMetrics metrics,
        PayloadCoding coding,
        TimeProvider clock,
        IEnqueueListener? listener = null)
    {
        (_store, _factory, _options, _queues) = (store, factory, options.Value, queues);
        (_running, _notifications, _metrics, _clock) = (running, notifications, metrics, clock);
        (_coding, _listener) = (coding, listener);
    }

    /// <summary>Enqueues one job.</summary>
    /// <param name="job">The job; its type has a handler registered under a name.</param>
    /// <param name="configure">How it differs from the defaults of its type; null for not at all.</param>
    /// <param name="cancellationToken">Gives up before the job is stored, or not at all.</param>
    /// <returns>The job's id; that of the job that holds the unique key, when one kept this one out. The job is stored when this returns.</returns>
    /// <exception cref="JobQueueFullException">The queue is full.</exception>
    /// <exception cref="ArgumentException">The payload is too large, or an option is out of range.</exception>
    /// <exception cref="InvalidOperationException">No handler is registered for the job's type; or it waits for a job that the store does not hold.</exception>
    public async ValueTask<string> EnqueueAsync<TJob>(TJob job, Action<EnqueueOptions>? configure = null, CancellationToken cancellationToken = default)
        where TJob : notnull
    {
        ArgumentNullException.ThrowIfNull(job);
        var wish = new EnqueueOptions();
        configure?.Invoke(wish);
        var stored = _factory.Create(job, wish);
        if (wish.AfterValue.Count > 0)
        {
            return await StoreAfterAsync(stored, wish, cancellationToken).ConfigureAwait(false);
        }

        var outcome = await StoreAsync([stored], PutAsync, cancellationToken).ConfigureAwait(false);
        return outcome.Holders.Count == 0 ? stored.Id : outcome.Holders.GetValueOrDefault(stored.Id, stored.Id);
    }

    /// <summary>Enqueues many jobs in one step: all of them, or none when this throws.</summary>
    /// <param name="jobs">At most 10,000 jobs; none is allowed and does nothing.</param>
    /// <param name="configure">How they differ from the defaults of their type, alike for all; ids and unique keys have no place here.</param>
    /// <param name="cancellationToken">Gives up before the jobs are stored, or not at all.</param>
    /// <returns>The ids, in the order of the jobs.</returns>
    /// <inheritdoc cref="EnqueueAsync{TJob}(TJob, Action{EnqueueOptions}, CancellationToken)" path="/exception" />
    public async ValueTask<IReadOnlyList<string>> EnqueueManyAsync<TJob>(IReadOnlyCollection<TJob> jobs, Action<EnqueueOptions>? configure = null, CancellationToken cancellationToken = default)
        where TJob : notnull
    {
        ArgumentNullException.ThrowIfNull(jobs);
        CheckBatch(jobs.Count, nameof(jobs));
        var wish = new EnqueueOptions();
        configure?.Invoke(wish);
        if (wish.IdValue is not null || wish.UniqueValue is not null)
        {
            throw new ArgumentException("Many jobs cannot share one id or one unique key; enqueue them one by one.", nameof(configure));
        }

        if (wish.AfterValue.Count > 0)
        {
            throw new ArgumentException("Many jobs that wait for others are a JobFlow: EnqueueFlowAsync.", nameof(configure));
        }

        if (jobs.Count == 0)
        {
            return [];
        }

        var stored = new NewJob[jobs.Count];
        var index = 0;
        foreach (var job in jobs)
        {
            stored[index++] = _factory.Create(job, wish);
        }

        var outcome = await StoreAsync(stored, PutAsync, cancellationToken).ConfigureAwait(false);
        return outcome.Holders.Count == 0
            ? Array.ConvertAll(stored, static job => job.Id)
            : Array.ConvertAll(stored, job => outcome.Holders.GetValueOrDefault(job.Id, job.Id));
    }

    /// <summary>One job; null when the store does not hold it (any more).</summary>
    public ValueTask<JobRecord?> GetAsync(string id, CancellationToken cancellationToken = default) =>
        _store.GetAsync(JobValidation.Id(id), cancellationToken);

    /// <summary>A page of jobs, in the order that <see cref="JobQuery"/> tells.</summary>
    /// <exception cref="ArgumentException">The page size is out of range, or the cursor is not one of <see cref="JobPage.Next"/>.</exception>
    public ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.PageSize is < 1 or > JobLimits.MaximumPageSize)
        {
            throw new ArgumentException($"A page holds 1 to {JobLimits.MaximumPageSize} jobs; {query.PageSize} were asked for.", nameof(query));
        }

        return _store.ListAsync(query, cancellationToken);
    }

    /// <summary>Every queue that holds a job, is paused, or is served by this process, by name.</summary>
    public async ValueTask<IReadOnlyList<QueueStatus>> GetQueuesAsync(CancellationToken cancellationToken = default)
    {
        var known = await _store.GetQueuesAsync(cancellationToken).ConfigureAwait(false);
        var all = new SortedDictionary<string, QueueStatus>(StringComparer.Ordinal);
        foreach (var queue in known)
        {
            all[queue.Name] = queue;
        }

        foreach (var (name, concurrency) in _queues.Served)
        {
            all[name] = (all.TryGetValue(name, out var queue) ? queue : new QueueStatus { Name = name }) with { Concurrency = concurrency };
        }

        return [.. all.Values];
    }

    /// <summary>Every worker that the store knows, by id.</summary>
    public ValueTask<IReadOnlyList<WorkerRecord>> GetWorkersAsync(CancellationToken cancellationToken = default) => _store.GetWorkersAsync(cancellationToken);

    /// <summary>Cancels a job that has not started at once, and asks a running one to stop: in this process now, elsewhere with the next
    /// heartbeat of its worker.</summary>
    public async ValueTask<CancelStatus> CancelAsync(string id, CancellationToken cancellationToken = default)
    {
        var status = await _store.CancelAsync(JobValidation.Id(id), cancellationToken).ConfigureAwait(false);
        if (status == CancelStatus.Requested)
        {
            _running.Stop(id, StopReason.Cancelled);
        }
        else if (status == CancelStatus.Cancelled && await _store.GetAsync(id, cancellationToken).ConfigureAwait(false) is { } job)
        {
            _metrics.Ended(job);
            _notifications.Publish(_notifications.Describe(job, JobState.Cancelled));
        }

        return status;
    }

    /// <summary>Puts a dead job back in line, its attempts starting over. False when there is no dead job of this id.</summary>
    /// <param name="id">The job.</param>
    /// <param name="priorityRaise">Added to its priority, so that it need not wait behind newer ones. Default 10.</param>
    /// <param name="cancellationToken">Gives up before the work is done, or not at all.</param>
    public async ValueTask<bool> RetryAsync(string id, int priorityRaise = 10, CancellationToken cancellationToken = default) =>
        (await RetryAsync([id], priorityRaise, cancellationToken).ConfigureAwait(false)).Count == 1;

    /// <summary>Puts dead jobs back in line; ids that are not dead jobs are passed over.</summary>
    /// <returns>The ids that were put back.</returns>
    public async ValueTask<IReadOnlyList<string>> RetryAsync(IReadOnlyCollection<string> ids, int priorityRaise = 10, CancellationToken cancellationToken = default)
    {
        if (Ids(ids) is not { Length: > 0 } known)
        {
            return [];
        }

        using var hold = _notifications.Hold(known);
        var replayed = await _store.ReplayAsync(known, Math.Clamp(priorityRaise, 0, JobLimits.MaximumPriority), cancellationToken).ConfigureAwait(false);
        for (var i = 0; _notifications.Enabled && i < replayed.Count; i++)
        {
            if (await _store.GetAsync(replayed[i], cancellationToken).ConfigureAwait(false) is { } job)
            {
                hold.Publish(_notifications.Describe(job, JobState.Waiting));
            }
        }

        return replayed;
    }

    /// <summary>Removes a job that is not running. False when it runs or does not exist.</summary>
    public async ValueTask<bool> DeleteAsync(string id, CancellationToken cancellationToken = default) =>
        (await DeleteAsync([id], cancellationToken).ConfigureAwait(false)).Count == 1;

    /// <summary>Removes jobs that are not running; others are passed over.</summary>
    /// <returns>The ids that were removed.</returns>
    public async ValueTask<IReadOnlyList<string>> DeleteAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken = default)
    {
        if (Ids(ids) is not { Length: > 0 } known)
        {
            return [];
        }

        var before = new Dictionary<string, JobRecord>(StringComparer.Ordinal);
        for (var i = 0; _notifications.Enabled && i < known.Length; i++)
        {
            if (await _store.GetAsync(known[i], cancellationToken).ConfigureAwait(false) is { } job)
            {
                before[job.Id] = job;
            }
        }

        var deleted = await _store.DeleteAsync(known, cancellationToken).ConfigureAwait(false);
        foreach (var id in deleted)
        {
            if (before.TryGetValue(id, out var job))
            {
                _notifications.Publish(_notifications.Describe(job, null));
            }
        }

        return deleted;
    }

    /// <summary>Stops claiming from a queue, on every process that shares the store. Running jobs run on, enqueuing goes on.</summary>
    public ValueTask PauseQueueAsync(string queue, CancellationToken cancellationToken = default) =>
        _store.SetQueuePausedAsync(JobValidation.Name(queue, "queue"), paused: true, cancellationToken);

    /// <summary>Ends a pause.</summary>
    public ValueTask ResumeQueueAsync(string queue, CancellationToken cancellationToken = default) =>
        _store.SetQueuePausedAsync(JobValidation.Name(queue, "queue"), paused: false, cancellationToken);

    /// <summary>Every schedule, by name.</summary>
    public ValueTask<IReadOnlyList<ScheduleRecord>> GetSchedulesAsync(CancellationToken cancellationToken = default) => _store.GetSchedulesAsync(cancellationToken);

    /// <summary>Enqueues the job of a schedule now, beside its ticks; also while it is paused.</summary>
    /// <returns>The job's id; null when there is no such schedule.</returns>
    /// <exception cref="JobQueueFullException">The queue is full.</exception>
    public async ValueTask<string?> TriggerScheduleAsync(string name, CancellationToken cancellationToken = default)
    {
        if (await FindScheduleAsync(name, cancellationToken).ConfigureAwait(false) is not { } schedule)
        {
            return null;
        }

        var job = ScheduleTimes.CreateJob(schedule.Definition, _factory.NewId());
        await StoreAsync([job], PutAsync, cancellationToken).ConfigureAwait(false);
        return job.Id;
    }

    /// <summary>Creates a schedule, or replaces the one of this name, now: for schedules that users make. Those that the code declares (<see cref="JobsBuilder"/>) are
    /// replaced again at the next start.</summary>
    /// <param name="name">Identifies the schedule.</param>
    /// <param name="cron">A cron expression of five or six fields, or an interval as <c>@every 00:05:00</c>.</param>
    /// <param name="job">The job to enqueue; its type has a handler.</param>
    /// <param name="configure">How the schedule differs from one that runs for ever in UTC; null for not at all.</param>
    /// <param name="cancellationToken">Gives up before the schedule is stored, or not at all.</param>
    /// <exception cref="FormatException">The cron expression cannot be read.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or the payload is too large.</exception>
    /// <exception cref="InvalidOperationException">The store holds its limit of 10,000 schedules, or no handler is registered for the job's type.</exception>
    public async ValueTask SetScheduleAsync<TJob>(string name, string cron, TJob job, Action<ScheduleOptions>? configure = null, CancellationToken cancellationToken = default)
        where TJob : notnull
    {
        var options = new ScheduleOptions();
        configure?.Invoke(options);
        var definition = new ScheduleRegistration(name, cron, job, options).Define(_factory);
        var now = await ScheduleTimes.NowAsync(_store, cancellationToken).ConfigureAwait(false);
        await _store.UpsertScheduleAsync(definition, ScheduleTimes.Next(definition, now), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops a schedule from firing, on every process. False when there is no such schedule.</summary>
    public ValueTask<bool> PauseScheduleAsync(string name, CancellationToken cancellationToken = default) =>
        _store.SetSchedulePausedAsync(JobValidation.Name(name, "schedule"), paused: true, nextAt: null, cancellationToken);

    /// <summary>Ends a pause: the next tick is the first one from now on; those within the pause are not made up for. False when there is no
    /// such schedule.</summary>
    public async ValueTask<bool> ResumeScheduleAsync(string name, CancellationToken cancellationToken = default) =>
        await FindScheduleAsync(name, cancellationToken).ConfigureAwait(false) is { } schedule
        && await _store.SetSchedulePausedAsync(
            name, paused: false, ScheduleTimes.Next(schedule.Definition, await ScheduleTimes.NowAsync(_store, cancellationToken).ConfigureAwait(false)), cancellationToken).ConfigureAwait(false);

    /// <summary>Removes a schedule from the store; its jobs stay. One that the code still declares comes back with the next start. False when
    /// there is no such schedule.</summary>
    public ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken = default) =>
        _store.RemoveScheduleAsync(JobValidation.Name(name, "schedule"), cancellationToken);

    /// <summary>What this process has done, and what the queues hold.</summary>
    public async ValueTask<JobStatistics> GetStatisticsAsync(CancellationToken cancellationToken = default) =>
        _metrics.Snapshot(await GetQueuesAsync(cancellationToken).ConfigureAwait(false));

    private async ValueTask<ScheduleRecord?> FindScheduleAsync(string name, CancellationToken cancellationToken)
    {
        JobValidation.Name(name, "schedule");
        var schedules = await _store.GetSchedulesAsync(cancellationToken).ConfigureAwait(false);
        return schedules.FirstOrDefault(schedule => schedule.Definition.Name == name);
    }

    private static void CheckBatch(int count, string parameter)
    {
        if (count > JobLimits.MaximumEnqueueBatch)
        {
            throw new ArgumentException($"One enqueue takes at most {JobLimits.MaximumEnqueueBatch} jobs; these are {count}. Enqueue them in several calls.", parameter);
        }
    }

    private static string[] Ids(IReadOnlyCollection<string> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.Count > JobLimits.MaximumBatch)
        {
            throw new ArgumentException($"One call takes at most {JobLimits.MaximumBatch} ids; these are {ids.Count}.", nameof(ids));
        }

        return [.. ids.Select(JobValidation.Id).Distinct(StringComparer.Ordinal)];
    }

    private async ValueTask<EnqueueOutcome> StoreAsync(NewJob[] jobs, Func<IReadOnlyList<NewJob>, int, CancellationToken, ValueTask<EnqueueOutcome>> store, CancellationToken cancellationToken)
    {
        NewJob[] added;
        EnqueueOutcome outcome;
        using (var hold = _notifications.Hold(jobs.Select(static job => job.Id)))
        {
            outcome = await store(jobs, _options.MaximumQueueLength, cancellationToken).ConfigureAwait(false);
            if (outcome.FullQueue is { } full)
            {
                throw new JobQueueFullException(full, _options.MaximumQueueLength);
            }

            added = jobs;
            if (outcome.Existing.Count > 0)
            {
                var existing = outcome.Existing.ToHashSet(StringComparer.Ordinal);
                added = Array.FindAll(jobs, job => !existing.Contains(job.Id));
            }

            foreach (var job in added)
            {
                _metrics.Enqueued(job.Queue, job.Type);
                if (_notifications.Enabled && _transaction is null)
                {
                    hold.Publish(_notifications.Describe(job));
                }
            }
        }

        if (_listener is not null)
        {
            await _listener.EnqueuedAsync(added).ConfigureAwait(false);
        }

        return outcome;
    }
}
