using Millrace.Redis;

namespace Millrace.Caching.Sharing;

/// <summary>
/// One channel in Redis, listened to from the first call that asks for it until it is disposed. The client subscribes again after a lost connection;
/// where even that fails, the next call begins anew. Thread-safe.
/// </summary>
internal sealed class Channel : IAsyncDisposable
{
    private readonly RedisClient _client;
    private readonly string _name;
    private readonly Action _heard;
    private readonly Action<RedisMessage?> _received;
    private readonly Action<Exception> _lost;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new(); // guards the four fields below
    private Task? _starting;
    private Task _reading = Task.CompletedTask;
    private bool _isHeard;
    private bool _isLost;

    /// <param name="client">The client.</param>
    /// <param name="name">The channel.</param>
    /// <param name="heard">Called when messages are received from now on.</param>
    /// <param name="received">Called with each message; with null where some may be missing.</param>
    /// <param name="lost">Called once when it cannot be subscribed to, until it can again.</param>
    public Channel(RedisClient client, string name, Action heard, Action<RedisMessage?> received, Action<Exception> lost) =>
        (_client, _name, _heard, _received, _lost) = (client, name, heard, received, lost);

    /// <summary>Returns when what is published from now on is received, or it is known that it is not. Fails only with the caller's cancellation.</summary>
    public ValueTask ListenAsync(CancellationToken cancellationToken)
    {
        Task starting;
        lock (_lock)
        {
            if (_isHeard || _stop.IsCancellationRequested)
            {
                return default;
            }

            starting = _starting ??= Task.Run(StartAsync, CancellationToken.None);
        }

        return new(starting.WaitAsync(cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Task starting;
        lock (_lock)
        {
            starting = _starting ?? Task.CompletedTask;
        }

        await starting.ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task StartAsync()
    {
        try
        {
            var subscription = await _client.SubscribeAsync(_name, _stop.Token).ConfigureAwait(false);
            lock (_lock)
            {
                (_isHeard, _isLost, _starting) = (true, false, null);
                _reading = ReadAsync(subscription, _reading);
            }

            _heard();
        }
        catch (OperationCanceledException)
        {
            Failed(null); // disposed
        }
        catch (Exception failure) when (failure is RedisException or ObjectDisposedException)
        {
            Failed(failure);
        }
    }

    private async Task ReadAsync(RedisSubscription subscription, Task before)
    {
        await before.ConfigureAwait(false);
        Exception? failure = null;
        try
        {
            await foreach (var message in subscription.WithCancellation(_stop.Token).ConfigureAwait(false))
            {
                _received(message.Kind == RedisMessageKind.Missed ? null : message);
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
        catch (RedisException ended)
        {
            failure = ended;
        }
        finally
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
        }

        Failed(failure);
        _received(null);
    }

    private void Failed(Exception? failure)
    {
        lock (_lock)
        {
            (_isHeard, _starting) = (false, null);
            if (failure is null || _isLost)
            {
                return;
            }

            _isLost = true;
        }

        _lost(failure);
    }
}
