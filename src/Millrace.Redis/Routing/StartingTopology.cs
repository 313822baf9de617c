using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Routing;

/// <summary>
/// Stands in until the client has connected for the first time: commands wait here, in order, at most
/// <see cref="RedisOptions.MaximumWaiting"/> of them and no longer than their time-out. The first one begins to connect.
/// </summary>
internal sealed class StartingTopology : Topology, IClockWatcher
{
    private readonly RedisOptions _options;
    private readonly ClientClock _clock;
    private readonly Action _start;
    private readonly Lock _lock = new(); // guards _waiting and the writing of _next
    private readonly Queue<RedisOperation> _waiting = new();
    private Topology? _next;

    /// <param name="options">The client's options.</param>
    /// <param name="clock">The clock of the time-outs.</param>
    /// <param name="start">Begins to connect, unless that has begun. Must not block or throw.</param>
    public StartingTopology(RedisOptions options, ClientClock clock, Action start)
    {
        _options = options;
        _clock = clock;
        _start = start;
        clock.Watch(this);
    }

    public override bool IsConnected => false;

    /// <summary>Slots are found for all, because only the first connection tells what they are needed for.</summary>
    public override SlotUse SlotUse => SlotUse.Spread;

    public override IReadOnlyList<ServerNode> Nodes => [];

    public override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Send(RedisOperation operation)
    {
        if (!TryWait(operation))
        {
            _next!.Send(operation);
        }
    }

    public override void Send(ReadOnlySpan<RedisOperation> operations)
    {
        foreach (var operation in operations)
        {
            Send(operation);
        }
    }

    public override ServerNode NodeOf(int slot) => _next is { } next
        ? next.NodeOf(slot)
        : throw new RedisConnectionException("The client has not connected yet: send an ordinary command first, or start the host.");

    /// <summary>Subscriptions that find no server: they begin to connect, too.</summary>
    public override void Refresh() => _start();

    /// <summary>Sends what waits by the topology that was found; what still comes here goes there too.</summary>
    public void Become(Topology next)
    {
        _clock.Unwatch(this);
        lock (_lock)
        {
            while (_waiting.TryDequeue(out var operation))
            {
                if (operation.IsPending)
                {
                    next.Send(operation);
                }
            }

            Volatile.Write(ref _next, next);
        }
    }

    /// <summary>Fails what waits, because connecting did.</summary>
    public void Fail(Exception error)
    {
        List<RedisOperation> left;
        lock (_lock)
        {
            left = [.. _waiting];
            _waiting.Clear();
        }

        left.ForEach(operation => operation.Fail(new RedisConnectionException(
            $"{operation.Name.Text} was not sent: {error.Message}", (error as RedisConnectionException)?.Server, operation.Name.Text, RedisDelivery.NotSent, error)));
    }

    public void OnTick(long now)
    {
        lock (_lock)
        {
            for (var count = _waiting.Count; count > 0; count--)
            {
                var operation = _waiting.Dequeue();
                operation.ExpireAt(now, this, static (_, operation) => new RedisTimeoutException(
                    $"{operation.Name.Text} was not sent: the client had not connected until its time-out.", server: null, operation.Name.Text, RedisDelivery.NotSent));
                if (operation.IsPending)
                {
                    _waiting.Enqueue(operation);
                }
            }
        }
    }

    public override ValueTask DisposeAsync()
    {
        _clock.Unwatch(this);
        Fail(new RedisConnectionException("The client was disposed."));
        return ValueTask.CompletedTask;
    }

    /// <returns>False: the next topology takes it.</returns>
    private bool TryWait(RedisOperation operation)
    {
        var isFull = false;
        lock (_lock)
        {
            if (_next is not null)
            {
                return false;
            }

            isFull = _waiting.Count >= Math.Max(1, _options.MaximumWaiting);
            if (!isFull)
            {
                _waiting.Enqueue(operation);
            }
        }

        if (isFull)
        {
            operation.Fail(new RedisConnectionException(
                $"{operation.Name.Text} was not sent: {_options.MaximumWaiting} commands wait for the first connection already (MaximumWaiting).",
                server: null, operation.Name.Text, RedisDelivery.NotSent, innerException: null));
        }

        _start();
        return true;
    }
}
