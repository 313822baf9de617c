using Microsoft.Extensions.Logging;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Retrying;

namespace Millrace.Jobs.Working;

/// <summary>One wait for work that goes on from one trade to the next, as long as the queues to watch stay the same. Used by one lane at a time.</summary>
internal sealed class WorkWait(JobStore store, TimeSpan pollInterval, TimeProvider clock, Jitter jitter, ILogger logger) : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly StoreBackoff _backoff = new("wait for work", clock, jitter, logger);
    private CancellationTokenSource? _stop;
    private List<string> _queues = [];

    /// <summary>Completes when there may be work in one of the watched queues; never fails.</summary>
    public Task Task { get; private set; } = new TaskCompletionSource().Task;

    /// <summary>Watches these queues; true, once, when there may be work in them now: also when they were not watched before, because a claim
    /// is the best look at a queue. What is returned false for is watched by <see cref="Task"/>.</summary>
    public bool Watch(List<string> queues)
    {
        if (!queues.SequenceEqual(_queues, StringComparer.Ordinal))
        {
            Stop();
            _queues = queues;
            Task = new TaskCompletionSource().Task;
            return queues.Count > 0;
        }

        if (_stop is not null && Task.IsCompleted)
        {
            Stop();
            return true;
        }

        if (_stop is null && queues.Count > 0)
        {
            _stop = new CancellationTokenSource();
            Task = WaitAsync(queues, _stop.Token);
        }

        return false;
    }

    public void Dispose() => Stop();

    private void Stop()
    {
        _stop?.Cancel();
        _stop?.Dispose();
        _stop = null;
    }

    /// <summary>Waits as long as the store says, and no longer than it promises: a store that keeps silent beyond that is not waited for.</summary>
    private async Task WaitAsync(List<string> queues, CancellationToken cancellationToken)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var wait = store.WaitForWorkAsync(queues, clock.GetUtcNow() + pollInterval, giveUp.Token).AsTask();
            await wait.WaitAsync(pollInterval + Grace, clock, cancellationToken).ConfigureAwait(false);
            _backoff.Succeeded();
        }
        catch (TimeoutException)
        {
            Log.WaitOverdue(logger, pollInterval + Grace);
            await giveUp.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            await _backoff.WaitAsync(error, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Other queues are watched now, or the worker stops.
        }
    }
}
