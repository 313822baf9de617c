using System.Runtime.InteropServices;
using Millrace.Redis.Connection;

namespace Millrace.Redis.Cluster;

/// <summary>
/// Commands that no node can take now: they are sent again after a delay, or when the slots are known anew, unless their time-out comes
/// first. At most <see cref="RedisOptions.MaximumWaiting"/> of them. Delays end with a tick of the client's clock.
/// </summary>
/// <param name="context">The client's.</param>
/// <param name="send">Sends a command again.</param>
internal sealed class ParkedOperations(ClientContext context, Action<RedisOperation> send) : IClockWatcher
{
    private const long NextMap = long.MaxValue;

    private readonly Lock _lock = new(); // guards _parked and _stopped
    private List<Parked> _parked = [];
    private RedisException? _stopped;
    private volatile int _count;

    /// <summary>How many there are.</summary>
    public int Count => _count;

    /// <summary>Keeps a command until the slots are known anew.</summary>
    public void UntilNextMap(RedisOperation operation, string why) => Park(new Parked(operation, NextMap, why));

    /// <summary>Keeps a command for a while.</summary>
    /// <param name="operation">The command.</param>
    /// <param name="milliseconds">How long; 0: until the next tick.</param>
    /// <param name="why">For the error, if its time-out comes first.</param>
    public void For(RedisOperation operation, int milliseconds, string why) => Park(new Parked(operation, context.Clock.Now + milliseconds, why));

    /// <summary>Sends those that waited for it.</summary>
    public void OnNewMap() => Release(static (parked, _) => parked.Due == NextMap);

    public void OnTick(long now) => Release(static (parked, now) => parked.Due <= now, now);

    /// <summary>Fails all, and those that still come.</summary>
    public void Stop(RedisException reason)
    {
        List<Parked> left;
        lock (_lock)
        {
            _stopped = reason;
            left = _parked;
            _parked = [];
            _count = 0;
        }

        left.ForEach(parked => parked.Operation.Fail(reason));
    }

    private void Park(Parked parked)
    {
        RedisException? refusal;
        lock (_lock)
        {
            refusal = _stopped ?? (_parked.Count < context.Options.MaximumWaiting ? null : new RedisConnectionException(
                $"{parked.Operation.Name.Text} was not sent: {_parked.Count} commands wait for nodes of the cluster already (MaximumWaiting). Slow the callers down.",
                server: null!, parked.Operation.Name.Text, RedisDelivery.NotSent, innerException: null));
            if (refusal is null)
            {
                _parked.Add(parked);
                _count = _parked.Count;
            }
        }

        if (refusal is not null)
        {
            parked.Operation.Fail(refusal);
        }
    }

    /// <summary>Sends those that are due; times out those that are late.</summary>
    private void Release(Func<Parked, long, bool> isDue, long now = 0)
    {
        if (_count == 0)
        {
            return;
        }

        List<Parked> due = [];
        lock (_lock)
        {
            List<Parked> left = [];
            foreach (var parked in _parked)
            {
                parked.Operation.ExpireAt(now, parked.Why, static (why, operation) => new RedisTimeoutException(
                    $"{operation.Name.Text} was not run: {why} It waited until its time-out.", server: null, operation.Name.Text, RedisDelivery.NotSent));
                if (parked.Operation.IsPending)
                {
                    (isDue(parked, now) ? due : left).Add(parked);
                }
            }

            _parked = left;
            _count = left.Count;
        }

        due.ForEach(parked => send(parked.Operation));
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Parked(RedisOperation Operation, long Due, string Why);
}
