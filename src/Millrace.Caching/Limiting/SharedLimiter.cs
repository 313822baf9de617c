using System.Threading.RateLimiting;

namespace Millrace.Caching.Limiting;

/// <summary>One resource's limit as .NET's <see cref="RateLimiter"/>.</summary>
internal sealed class SharedLimiter(LimitStore store, string resource, RateLimit limit, TimeProvider time) : RateLimiter
{
    private static readonly SharedLease Undecided = new(new Decision(IsAcquired: false, 0, TimeSpan.Zero, "Shared limits are asked asynchronously: call AcquireAsync."));

    private long _granted;
    private long _refused;
    private long _available = limit.PermitLimit;
    private long _lastUse = time.GetTimestamp();
    private int _pending;

    public override TimeSpan? IdleDuration => Volatile.Read(ref _pending) > 0 ? null : time.GetElapsedTime(Volatile.Read(ref _lastUse));

    public override RateLimiterStatistics GetStatistics() => new()
    {
        CurrentAvailablePermits = Volatile.Read(ref _available),
        TotalSuccessfulLeases = Volatile.Read(ref _granted),
        TotalFailedLeases = Volatile.Read(ref _refused),
    };

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(permitCount, limit.PermitLimit);
        return Undecided;
    }

    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(permitCount, limit.PermitLimit);
        Interlocked.Increment(ref _pending);
        try
        {
            var decision = await store.AcquireAsync(resource, limit, permitCount, cancellationToken).ConfigureAwait(false);
            Interlocked.Increment(ref decision.IsAcquired ? ref _granted : ref _refused);
            Volatile.Write(ref _available, decision.Remaining);
            return new SharedLease(decision);
        }
        finally
        {
            Volatile.Write(ref _lastUse, time.GetTimestamp());
            Interlocked.Decrement(ref _pending);
        }
    }
}
