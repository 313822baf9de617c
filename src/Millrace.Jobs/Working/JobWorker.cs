using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Executing;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Retrying;

namespace Millrace.Jobs.Working;

/// <summary>Runs this process's share of the jobs. Three loops, each started and awaited here: trade (hand over ends and claim what is
/// ready into free places, else wait for the store to wake it), heartbeat (keep the lease), sweep (take back dead workers' jobs).</summary>
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
    private readonly JobExchange _exchange;
    private readonly CancellationTokenSource _stopSweeping = new();
    private readonly CancellationTokenSource _stopTrading = new();
    private readonly CancellationTokenSource _stopHeartbeat = new();
    private Task _sweeping = Task.CompletedTask;
    private Task _trading = Task.CompletedTask;
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
        _identity = new WorkerIdentity(id[..Math.Min(id.Length, JobLimits.MaximumNameLength)], host, Environment.ProcessId, [.. queues.Served.Select(static queue => queue.Queue)]);
        _lease = new WorkerLease(store, _identity, running, _options.Lease, clock, jitter, logger);
        _exchange = new JobExchange(store, _lease, running, notifications, metrics, _options, clock, jitter, logger, new StartQueue<Execution>(execution => _ = ExecuteAsync(execution))); // ends in the exchange, which the drain awaits
    }

    public void Start()
    {
        Log.WorkerStarted(_logger, _identity.Id, string.Join(", ", _identity.Queues), _store.Name);
        _trading = Task.Run(() => _exchange.RunAsync(_stopTrading.Token));
        _heartbeat = Task.Run(() => _lease.RunAsync(_stopHeartbeat.Token));
        _sweeping = Task.Run(() => new Sweeper(_store, _options, _notifications, _metrics, _clock, _jitter, _logger).RunAsync(_stopSweeping.Token));
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
        await _stopSweeping.CancelAsync().ConfigureAwait(false);
        var claims = _exchange.StopClaimingAsync();
        await WaitAsync(Task.WhenAll(claims, _sweeping), UnwindLimit, hostStops).ConfigureAwait(false);
        await _exchange.GiveUpClaimsAsync().ConfigureAwait(false);
        await WaitAsync(claims, UnwindLimit, CancellationToken.None).ConfigureAwait(false);

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
            deaf.ForEach(execution => _exchange.Post(execution, new JobFinish { Run = execution.Run, Kind = FinishKind.Released }));
        }

        // 5. Store the last ends and sign off.
        await WaitAsync(idle, UnwindLimit, CancellationToken.None).ConfigureAwait(false);
        await _stopTrading.CancelAsync().ConfigureAwait(false);
        await _stopHeartbeat.CancelAsync().ConfigureAwait(false);
        await WaitAsync(Task.WhenAll(_trading, _heartbeat), UnwindLimit, CancellationToken.None).ConfigureAwait(false);
        await LeaveAsync().ConfigureAwait(false);
        Log.WorkerStopped(_logger, _identity.Id);
    }

    public void Dispose()
    {
        _stopSweeping.Cancel();
        _stopTrading.Cancel();
        _stopHeartbeat.Cancel();
        _stopSweeping.Dispose();
        _stopTrading.Dispose();
        _stopHeartbeat.Dispose();
        _exchange.Dispose();
        _lease.Dispose();
    }

    private async Task ExecuteAsync(Execution execution)
    {
        var job = execution.Job;
        _metrics.Started(job);
        if (_notifications.Enabled)
        {
            _notifications.Publish(_notifications.Describe(job, JobState.Running));
        }

        var began = _clock.GetTimestamp();
        var finish = await _executor.RunAsync(execution).ConfigureAwait(false);
        var duration = _clock.GetElapsedTime(began);
        _metrics.Ended(job, duration);
        Log.JobEnded(_logger, job.Id, job.Type, job.Attempt, finish.Kind, duration);
        if (execution.TryEnd())
        {
            _exchange.Post(execution, finish);
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
