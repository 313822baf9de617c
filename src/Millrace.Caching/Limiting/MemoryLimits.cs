using Millrace.Caching.Sharing;

namespace Millrace.Caching.Limiting;

/// <summary>
/// The states of limits in the memory of this process, bounded: at the bound the state that would be forgotten first is forgotten at once, and
/// its resource begins anew.
/// </summary>
internal sealed class MemoryLimits(TimeProvider time, int limit) : LimitStore
{
    private readonly Lock _lock = new(); // guards _states and what is in it
    private readonly ExpiringTable<LimitState> _states = new(limit);
    private readonly SteadyClock _clock = new(time);

    public override ValueTask<Decision> AcquireAsync(string resource, RateLimit limit, int permits, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var key = limit.Signature + SharedNames.Tame(resource);
        lock (_lock)
        {
            var now = _clock.Now;
            var state = _states.Find(key, now) ?? new LimitState();
            var decision = state.Acquire(limit, permits, (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
            if (decision.IsAcquired && permits > 0)
            {
                _states.Set(key, state, DateTimeOffset.UnixEpoch.AddTicks(state.ForgetAt * TimeSpan.TicksPerMicrosecond), now);
            }

            return new(decision);
        }
    }
}
