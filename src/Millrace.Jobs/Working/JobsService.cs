using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Scheduling;

namespace Millrace.Jobs.Working;

/// <summary>The engine's part of the host: opens the store, stores the declared schedules, starts the loops, and stops them in order.</summary>
internal sealed class JobsService(
    JobStore store,
    JobFactory factory,
    JobWorker worker,
    IEnumerable<ScheduleRegistration> schedules,
    JobNotifications notifications,
    JobMetrics metrics,
    IOptions<JobsOptions> options,
    TimeProvider clock,
    Jitter jitter,
    ILogger<JobsService> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(2);

    private readonly JobsOptions _options = options.Value;
    private readonly CancellationTokenSource _stopScheduling = new();
    private readonly CancellationTokenSource _stopNotifying = new();
    private Task _scheduling = Task.CompletedTask;
    private Task _notifying = Task.CompletedTask;
    private bool _started;
    private bool _disposed;
    private Task? _stopping;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _ = notifications.Enabled; // an observer that cannot be made fails the start, not every job
        await store.InitializeAsync(cancellationToken).ConfigureAwait(false);
        _notifying = Task.Run(() => notifications.RunAsync(_stopNotifying.Token), CancellationToken.None);
        if (_options.RunSchedules)
        {
            var loop = new ScheduleLoop(store, factory, schedules, _options, notifications, metrics, clock, jitter, logger);
            await loop.DeclareAsync(cancellationToken).ConfigureAwait(false);
            _scheduling = Task.Run(() => loop.RunAsync(_stopScheduling.Token), CancellationToken.None);
        }

        if (_options.RunWorkers)
        {
            worker.Start();
            _started = true;
        }
    }

    /// <summary>Stops once. A program that a test's factory runs is stopped by both, in any order; the second only waits, and after disposal there is nothing to stop.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _stopping, stopped.Task, null) is { } earlier)
        {
            await earlier.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            await StopOnceAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            stopped.SetResult();
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _ = Interlocked.CompareExchange(ref _stopping, Task.CompletedTask, null);
        _stopScheduling.Cancel(); // for a host that is disposed without being stopped
        _stopNotifying.Cancel();
        _stopScheduling.Dispose();
        _stopNotifying.Dispose();
    }

    private async Task StopOnceAsync(CancellationToken cancellationToken)
    {
        await _stopScheduling.CancelAsync().ConfigureAwait(false);
        await WaitAsync(_scheduling).ConfigureAwait(false);
        if (_started)
        {
            _started = false;
            await worker.StopAsync(cancellationToken).ConfigureAwait(false);
        }

        notifications.Complete();
        await WaitAsync(_notifying).ConfigureAwait(false);
        await _stopNotifying.CancelAsync().ConfigureAwait(false);
        await WaitAsync(_notifying).ConfigureAwait(false);
    }

    private async Task WaitAsync(Task loop)
    {
        try
        {
            await loop.WaitAsync(StopLimit, clock).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            // A store or an observer that hangs does not hold up the host, nor what else is to be stopped.
        }
    }
}
