using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Hears the server say that there is work, and wakes those of this process that wait for it. Thread-safe.</summary>
/// <remarks>Where messages may have been missed (a lost connection), everyone of the queue is woken and looks for himself.</remarks>
internal sealed class WakeUps(RedisClient redis, WorkSignal signal) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new(); // guards the two below
    private readonly Dictionary<string, Task> _listening = new(StringComparer.Ordinal);
    private bool _closed;

    /// <summary>Completes when the queue is listened to: what is said from then on is heard.</summary>
    public Task ListenAsync(QueueKeys keys, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return Task.CompletedTask; // the wait ends at once
            }

            if (!_listening.TryGetValue(keys.Queue, out var begun) || begun.IsFaulted)
            {
                _listening[keys.Queue] = begun = BeginAsync(keys);
            }

            return begun.IsCompletedSuccessfully ? Task.CompletedTask : begun.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] begun;
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            begun = [.. _listening.Values];
        }

        await _stop.CancelAsync().ConfigureAwait(false);

        await Task.WhenAll(begun).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task BeginAsync(QueueKeys keys)
    {
        var subscription = await redis.SubscribeAsync(keys.WakeChannel, _stop.Token).ConfigureAwait(false);
        _ = ReadAsync(keys, subscription);
    }

    private async Task ReadAsync(QueueKeys keys, RedisSubscription subscription)
    {
        try
        {
            await foreach (var _ in subscription.WithCancellation(_stop.Token).ConfigureAwait(false))
            {
                signal.Pulse(keys.Queue);
            }
        }
        catch (Exception error) when (error is RedisException or OperationCanceledException)
        {
            // The store closes, or the server no longer lets this client listen: the next wait listens anew, or says why it cannot.
        }

        lock (_lock)
        {
            _listening.Remove(keys.Queue);
        }

        await subscription.DisposeAsync().ConfigureAwait(false);
        signal.Pulse(keys.Queue);
    }
}
