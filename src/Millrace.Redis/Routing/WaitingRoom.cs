using Millrace.Redis.Connection;

namespace Millrace.Redis.Routing;

/// <summary>
/// Commands whose server is being looked for: in order, at most <see cref="RedisOptions.MaximumWaiting"/> of them, none longer than its
/// time-out.
/// </summary>
internal sealed class WaitingRoom : IClockWatcher, IDisposable
{
    private readonly ClientContext _context;
    private readonly Func<string> _why;
    private readonly Lock _lock = new(); // guards _waiting and _isClosed
    private Queue<RedisOperation> _waiting = new();
    private bool _isClosed;

    /// <param name="context">The client's.</param>
    /// <param name="why">What commands wait for, for the message of those that time out.</param>
    public WaitingRoom(ClientContext context, Func<string> why)
    {
        _context = context;
        _why = why;
        context.Clock.Watch(this);
    }

    /// <summary>Takes a command in. One that finds no room fails.</summary>
    public void Add(RedisOperation operation)
    {
        string refusal;
        lock (_lock)
        {
            if (_isClosed)
            {
                refusal = "the client has been disposed.";
            }
            else if (_waiting.Count >= _context.Options.MaximumWaiting)
            {
                refusal = $"{_waiting.Count} commands wait for a server already (MaximumWaiting). Slow the callers down.";
            }
            else
            {
                _waiting.Enqueue(operation);
                return;
            }
        }

        Fail(operation, refusal);
    }

    /// <summary>Lets all go, in their order.</summary>
    public void Release(Action<RedisOperation> to)
    {
        foreach (var operation in Empty())
        {
            if (operation.IsPending)
            {
                to(operation);
            }
        }
    }

    public void OnTick(long now)
    {
        lock (_lock)
        {
            for (var count = _waiting.Count; count > 0; count--)
            {
                var operation = _waiting.Dequeue();
                operation.ExpireAt(now, this, static (room, operation) => new RedisTimeoutException(
                    $"{operation.Name.Text} waited until its time-out and was not sent: {room._why()}", server: null, operation.Name.Text, RedisDelivery.NotSent));
                if (operation.IsPending)
                {
                    _waiting.Enqueue(operation);
                }
            }
        }
    }

    /// <summary>Fails all that wait, and all that still come.</summary>
    public void Dispose()
    {
        _context.Clock.Unwatch(this);
        lock (_lock)
        {
            _isClosed = true;
        }

        foreach (var operation in Empty())
        {
            Fail(operation, "the client was disposed while it waited for a server.");
        }
    }

    private Queue<RedisOperation> Empty()
    {
        lock (_lock)
        {
            var all = _waiting;
            _waiting = new Queue<RedisOperation>();
            return all;
        }
    }

    private static void Fail(RedisOperation operation, string why) => operation.Fail(
        new RedisConnectionException($"{operation.Name.Text} was not sent: {why}", server: null, operation.Name.Text, RedisDelivery.NotSent, innerException: null));
}
