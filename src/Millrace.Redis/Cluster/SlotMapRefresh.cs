using System.Security.Cryptography;
using Millrace.Redis.Connection;

namespace Millrace.Redis.Cluster;

/// <summary>The loop that keeps a cluster's map: asks at the start, when requested, at intervals, and again while something is missing.</summary>
internal sealed class SlotMapRefresh(ClusterTopology cluster, SlotMapSource source, ClientContext context) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestGap = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _requested = new(0, 1);
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;

    /// <summary>How often the map was read.</summary>
    public int Count { get; private set; }

    /// <summary>Begins.</summary>
    /// <returns>Ends when the first map was read; fails when nobody told it.</returns>
    public Task StartAsync()
    {
        _running = Task.Run(RunAsync);
        return _first.Task;
    }

    /// <summary>Asks for a new map soon. Any number of requests are one.</summary>
    public void Request()
    {
        if (_requested.CurrentCount == 0)
        {
            try
            {
                _requested.Release();
            }
            catch (SemaphoreFullException)
            {
                // Another one requested at the same time.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _first.TrySetException(new RedisConnectionException("The client was disposed."));
        _ = _first.Task.Exception; // nobody may be waiting for it
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var gap = Gap;
        while (!_stopping.IsCancellationRequested)
        {
            var longest = LongestGap;
            try
            {
                var (connected, known) = cluster.Candidates();
                cluster.Use(await source.ReadAsync(connected, known, _stopping.Token).ConfigureAwait(false));
                Count++;
                _first.TrySetResult();
            }
            catch (Exception error)
            {
                _first.TrySetException(error);
                longest = context.Options.MaximumReconnectDelay; // nobody is there
            }

            // While something is missing it asks again by itself, more and more slowly; jitter keeps many clients out of step.
            var isSettled = cluster.IsSettled;
            gap = isSettled ? Gap : TimeSpan.FromTicks(Math.Min(gap.Ticks * 3 / 2, longest.Ticks));
            await PauseAsync(gap + TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(20))).ConfigureAwait(false);
            if (isSettled)
            {
                await WaitForRequestAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task WaitForRequestAsync()
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var requested = _requested.WaitAsync(enough.Token);
        await Task.WhenAny(requested, Task.Delay(Interval, context.Time, enough.Token)).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
        await requested.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task PauseAsync(TimeSpan delay) =>
        await Task.Delay(delay, context.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
