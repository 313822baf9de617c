using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Executing;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Retrying;

namespace Millrace.Jobs.Working;

/// <summary>Runs this process's share of the jobs. Four loops, each started and awaited here: fetch (claim what is ready into free places, else
/// wait for the store to wake it), finish (store the ends), heartbeat (keep the lease), sweep (take back dead workers' jobs).</summary>
internal sealed class JobWorker : IDisposable
{
    /// <summary>What handlers get to unwind after their token is cancelled, and the store to take the last ends.</summary>
    internal static readonly TimeSpan UnwindLimit = TimeSpan.FromSeconds(2);

    private readonly JobStore _store;
    private readonly JobExecutor _executor;
    private readonly RunningJobs _running;
    private readonly JobNotifications _notifications;
    private readonly JobMetrics _metrics;
    private readonly JobsOptions _options;
    private readonly TimeProvider _clock;
    private readonly Jitter _jitter;
    private readonly ILogger _logger;
    private readonly WorkerIdentity _identity;
    private readonly WorkerLease _lease;
    private readonly FinishBatcher _finisher;
    private readonly CancellationTokenSource _stopFetching = new();
    private readonly CancellationTokenSource _stopFinishing = new();
    private readonly CancellationTokenSource _stopHeartbeat = new();
    private Task _fetching = Task.CompletedTask;
    private Task _sweeping = Task.CompletedTask;
    private Task _finishing = Task.CompletedTask;
    private Task _heartbeat = Task.CompletedTask;

    public JobWorker(
        JobStore store,
        QueueTable queues,
        JobExecutor executor,
        RunningJobs running,
        JobNotifications notifications,
        JobMetrics metrics,
        IOptions<JobsOptions> options,
        TimeProvider clock,
        Jitter jitter,
        ILogger<JobWorker> logger)
    {
        (_store, _executor, _running, _notifications, _metrics, _options, _clock, _jitter, _logger) =
            (store, executor, running, notifications, metrics, options.Value, clock, jitter, logger);
        var host = Environment.MachineName;
        var id = $"{host[..Math.Min(host.Length, 60)]}:{Environment.ProcessId}:{Guid.NewGuid():N}";
        _identity = new WorkerIdentity(id[..Math.Min(id.Length, JobLimits.MaximumNameLength)], host, Environment.ProcessId, [.. queues.Served.Select(static queue => queue.Key)]);
        _lease = new WorkerLease(store, _identity, running, _options.Lease, clock, jitter, logger);
        _finisher = new FinishBatcher(store, running, notifications, metrics, clock, jitter, logger);
    }

    public void Start()
    {
        Log.WorkerStarted(_logger, _identity.Id, string.Join(", ", _identity.Queues), _store.Name);
        _finishing = Task.Run(() => _finisher.RunAsync(_stopFinishing.Token));
        _heartbeat = Task.Run(() => _lease.RunAsync(_stopHeartbeat.Token));
        _fetching = Task.Run(() => FetchAsync(_stopFetching.Token));
        _sweeping = Task.Run(() => new Sweeper(_store, _options, _notifications, _metrics, _clock, _jitter, _logger).RunAsync(_stopFetching.Token));
    }

    /// <summary>Drains:
    /// 1. claim nothing more;
    /// 2. wait for the running jobs, as long as the grace and the host allow;
    /// 3. cancel those left and let them unwind;
    /// 4. give back those whose handlers do not listen;
    /// 5. store the last ends, end the heartbeat and sign off.</summary>
    /// <param name="hostStops">Cancelled when the host waits no longer.</param>
    public async Task StopAsync(CancellationToken hostStops)
    {
        // 1. Claim nothing more.
        await _stopFetching.CancelAsync().ConfigureAwait(false);
        await WaitAsync(Task.WhenAll(_fetching, _sweeping), UnwindLimit, hostStops).ConfigureAwait(false);

        // 2. Wait for the running jobs.
        var idle = _running.WaitUntilEmptyAsync();
        if (!idle.IsCompleted)
        {
            Log.Draining(_logger, _identity.Id, _running.Count, _options.DrainGrace);
            await WaitAsync(idle, _options.DrainGrace, hostStops).ConfigureAwait(false);
        }

        // 3. Cancel those left.
        if (!idle.IsCompleted)
        {
            Log.DrainGraceOver(_logger, _identity.Id, _running.Count);
            _running.StopAll(StopReason.WorkerStops);
            await WaitAsync(idle, UnwindLimit, CancellationToken.None).ConfigureAwait(false);
        }

        // 4. Give back those that do not listen.
        var deaf = _running.All.Where(static execution => execution.TryEnd()).ToList();
        if (deaf.Count > 0)
        {
            Log.HandlersIgnoreCancellation(_logger, _identity.Id, deaf.Count);
            deaf.ForEach(execution => _finisher.Post(execution, new JobFinish { Run = execution.Run, Kind = FinishKind.Released }));
        }

        // 5. Store the last ends and sign off.
        await WaitAsync(idle, UnwindLimit, CancellationToken.None).ConfigureAwait(false);
        await _stopFinishing.CancelAsync().ConfigureAwait(false);
        await _stopHeartbeat.CancelAsync().ConfigureAwait(false);
        await WaitAsync(Task.WhenAll(_finishing, _heartbeat), UnwindLimit, CancellationToken.None).ConfigureAwait(false);
        await LeaveAsync().ConfigureAwait(false);
        Log.WorkerStopped(_logger, _identity.Id);
    }

    public void Dispose()
    {
        _stopFetching.Cancel();
        _stopFinishing.Cancel();
        _stopHeartbeat.Cancel();
        _stopFetching.Dispose();
        _stopFinishing.Dispose();
        _stopHeartbeat.Dispose();
        _lease.Dispose();
    }

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        var claiming = new StoreBackoff("claim", _clock, _jitter, _logger);
        var waiting = new StoreBackoff("wait for work", _clock, _jitter, _logger);
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var current = claiming;
                try
                {
                    var more = await ClaimAsync(cancellationToken).ConfigureAwait(false);
                    claiming.Succeeded();
                    if (!more)
                    {
                        current = waiting;
                        await WaitForWorkAsync(cancellationToken).ConfigureAwait(false);
                        waiting.Succeeded();
                    }
                }
                catch (Exception error) when (!cancellationToken.IsCancellationRequested)
                {
                    await current.WaitAsync(error, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The worker stops; a store that fails just then must not keep the rest from being stopped.
        }
    }

    /// <summary>Claims into the free places and starts what it got; true when there may be more.</summary>
    private async Task<bool> ClaimAsync(CancellationToken cancellationToken)
    {
        var (free, _, freed) = _running.GetFree();
        if (free.Count == 0)
        {
            await freed.WaitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }

        var claimed = await _lease.ClaimAsync(free, cancellationToken).ConfigureAwait(false);
        foreach (var execution in claimed)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                // The worker has begun to stop: others take it sooner than this one would end it.
                execution.TryEnd();
                _finisher.Post(execution, new JobFinish { Run = execution.Run, Kind = FinishKind.Released });
                continue;
            }

            _ = Task.Run(() => ExecuteAsync(execution), CancellationToken.None); // ends in the finisher, which the drain awaits
        }

        return claimed.Count == Math.Min(free.Sum(static queue => queue.Capacity), JobLimits.MaximumBatch);
    }

    /// <summary>Waits until a queue with free places has work, or a full queue gets a free place.</summary>
    private async Task WaitForWorkAsync(CancellationToken cancellationToken)
    {
        var (free, full, freed) = _running.GetFree();
        if (free.Count == 0)
        {
            return;
        }

        var queues = free.ConvertAll(static queue => queue.Queue);
        var until = _clock.GetUtcNow() + _options.PollInterval;
        if (!full)
        {
            await _store.WaitForWorkAsync(queues, until, cancellationToken).ConfigureAwait(false);
            return;
        }

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = _store.WaitForWorkAsync(queues, until, enough.Token).AsTask();
        await Task.WhenAny(work, freed).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A place became free first.
        }
    }

    private async Task ExecuteAsync(Execution execution)
    {
        var job = execution.Job;
        _metrics.Started(job);
        _notifications.Publish(_notifications.Describe(job, JobState.Running));
        var began = _clock.GetTimestamp();
        var finish = await _executor.RunAsync(execution).ConfigureAwait(false);
        var duration = _clock.GetElapsedTime(began);
        _metrics.Ended(job, duration);
        Log.JobEnded(_logger, job.Id, job.Type, job.Attempt, finish.Kind, duration);
        if (execution.TryEnd())
        {
            _finisher.Post(execution, finish);
        }

        execution.Dispose();
    }

    private async Task LeaveAsync()
    {
        try
        {
            await _store.LeaveAsync(_identity.Id, CancellationToken.None).AsTask().WaitAsync(UnwindLimit, _clock).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Log.LeaveFailed(_logger, _identity.Id, error);
        }
    }

    private async Task WaitAsync(Task task, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(limit, _clock, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            // The caller looks at what is left.
        }
    }
}
