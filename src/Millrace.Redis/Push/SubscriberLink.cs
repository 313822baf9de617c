using System.Buffers;
using Millrace.Redis.Connection;

namespace Millrace.Redis.Push;

/// <summary>
/// The connection to one server that receives publications. It is there while channels belong to it, and comes back after each loss with all
/// of them. What the server has to be told follows from each channel's phase and readers: at most one command of each channel is under way,
/// and what was wanted meanwhile is told when it is answered.
/// </summary>
internal sealed class SubscriberLink : IConnectionOwner, IRedirector, IAsyncDisposable
{
    private readonly SubscriptionHub _hub;
    private readonly ClientContext _context;
    private readonly ConnectionSetup _setup;
    private readonly CancellationTokenSource _stopping = new(); // never disposed: late comers ask its token
    private readonly PingWatch _ping;

    // All guarded by the hub's lock.
    private readonly HashSet<SubscribedChannel> _channels = [];
    private readonly Queue<SubscribedChannel> _queue = new();
    private readonly HashSet<SubscribedChannel> _queued = []; // what stands in it, each once
    private RespConnection? _connection;
    private TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isRunning;
    private Task _running = Task.CompletedTask;
    private long _emptySince = long.MaxValue;

    public SubscriberLink(SubscriptionHub hub, ServerNode node, ClientContext context)
    {
        _hub = hub;
        _context = context;
        Node = node;
        _setup = new ConnectionSetup(node.Endpoint, context.Options, isSubscriber: true, node.Setup.Counters);
        _ping = new PingWatch(context.Options.PingInterval);
    }

    public ServerNode Node { get; }

    public string Server => _setup.Server;

    /// <summary>Why the last attempt to connect failed; null: it did not.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Takes a channel over, or tells the server what has changed of one. Under the hub's lock.</summary>
    public void Want(SubscribedChannel channel)
    {
        channel.Link = this;
        _channels.Add(channel);
        _emptySince = long.MaxValue;
        Queue(channel);
        if (!_isRunning && !_stopping.IsCancellationRequested)
        {
            _isRunning = true;
            _running = Task.Run(RunAsync);
        }

        SendQueued();
    }

    /// <summary>Forgets a channel. Under the hub's lock.</summary>
    public void Forget(SubscribedChannel channel)
    {
        _channels.Remove(channel);
        if (channel.Link == this)
        {
            channel.Link = null;
        }

        if (_channels.Count == 0)
        {
            _emptySince = _context.Clock.Now;
        }
    }

    /// <summary>The server has lost its part.</summary>
    public void Retire() => _hub.OnRetired(this);

    /// <summary>Gives all its channels up. Under the hub's lock.</summary>
    public IReadOnlyList<SubscribedChannel> GiveUp()
    {
        SubscribedChannel[] channels = [.. _channels];
        foreach (var channel in channels)
        {
            channel.OnLost();
            Forget(channel);
        }

        return channels;
    }

    public void OnPush(RespConnection connection, ref RespReader push) => _hub.OnPush(this, ref push);

    public void OnRoom(RespConnection connection)
    {
        lock (_hub.Gate)
        {
            SendQueued();
        }
    }

    public void OnClosed(RespConnection connection, Exception reason, IReadOnlyList<(RedisOperation Operation, RedisDelivery Delivery)> unanswered)
    {
        lock (_hub.Gate)
        {
            if (_connection == connection)
            {
                OnLost();
            }
        }

        foreach (var (operation, _) in unanswered)
        {
            operation.Fail(reason); // of the handshake; nobody awaits the others
        }
    }

    /// <summary>Looks at a refusal, on the connection's thread.</summary>
    bool IRedirector.TryRedirect(RedisOperation operation, in ReadOnlySequence<byte> error, RespConnection connection)
    {
        var reader = new RespReader(error);
        _hub.OnRefused(this, (SubscribedChannel)operation.Target!, reader.ReadError());
        return false;
    }

    /// <summary>Watches the connection, on the clock's thread.</summary>
    public void OnTick(long now)
    {
        RespConnection? connection;
        bool isIdle;
        lock (_hub.Gate)
        {
            connection = _connection;
            isIdle = _channels.Count == 0 && now - _emptySince >= (long)_context.Options.IdleTimeout.TotalMilliseconds;
        }

        _ping.OnTick(now, connection);
        if (isIdle)
        {
            connection?.Abort(new RedisConnectionException("No channel is subscribed to any more (IdleTimeout)."));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Task running;
        lock (_hub.Gate)
        {
            running = _running;
        }

        await running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var backoff = new Backoff(_context.Options);
        RespConnection? connection = null;
        while (IsWanted())
        {
            var delay = TimeSpan.Zero;
            try
            {
                (connection, _) = await _context.Opener.OpenAsync(_setup, ConnectionRole.Subscriber, this, _stopping.Token).ConfigureAwait(false);
                await Use(connection).WaitAsync(_stopping.Token).ConfigureAwait(false);
                backoff.Reset();
            }
            catch (Exception) when (_stopping.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure)
            {
                delay = backoff.Next();
                lock (_hub.Gate)
                {
                    Failure = failure;
                }
            }

            _hub.Reroute(this);
            await Task.Delay(delay, _context.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (connection is not null)
        {
            connection.Abort(new RedisConnectionException($"Nothing is subscribed to at {Server} any more."));
            await connection.Closed.ConfigureAwait(false);
        }
    }

    /// <summary>Whether there is something to connect for; when not, the next channel starts it again.</summary>
    private bool IsWanted()
    {
        lock (_hub.Gate)
        {
            return _isRunning = _channels.Count > 0 && !_stopping.IsCancellationRequested;
        }
    }

    /// <returns>Ends when the connection is lost.</returns>
    private Task Use(RespConnection connection)
    {
        lock (_hub.Gate)
        {
            _lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _connection = connection;
            Failure = null;
            if (connection.IsClosing)
            {
                OnLost(); // its owner was told, or will be, while it is not the current one
            }

            SendQueued();
            return _lost.Task;
        }
    }

    /// <summary>Under the hub's lock.</summary>
    private void OnLost()
    {
        _connection = null;
        foreach (var channel in _channels)
        {
            channel.OnLost();
            Queue(channel);
        }

        _hub.RemoveUnread(_channels);
        _lost.TrySetResult();
    }

    private void Queue(SubscribedChannel channel)
    {
        if (_queued.Add(channel))
        {
            _queue.Enqueue(channel);
        }
    }

    /// <summary>Tells the server what has to be told, as far as there is room. Under the hub's lock.</summary>
    private void SendQueued()
    {
        while (_connection is { } connection && _queue.TryPeek(out var channel))
        {
            if (channel.Link == this && channel.Next is { } command)
            {
                var operation = RedisOperation<bool>.Rent(static (ref RespReader _, RedisOperation operation) =>
                {
                    var link = (SubscriberLink)operation.Redirector!;
                    link._hub.OnConfirmed(link, (SubscribedChannel)operation.Target!);
                    return true;
                });
                operation.Encode(command, [channel.Name]);
                operation.Deadline = long.MaxValue; // a reply or the end of the connection ends it
                operation.Target = channel;
                operation.Redirector = this;
                if (!connection.TryAppend(operation, mayFlush: false))
                {
                    return;
                }

                channel.OnSending();
            }

            _queue.Dequeue();
            _queued.Remove(channel);
        }
    }
}
