using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Caching.Limiting;
using Millrace.Redis;

namespace Millrace.Caching;

/// <summary>
/// Rate limits that all nodes share: in Redis where there is one, else in the memory of this process. One round trip and one atomic step for each
/// request; time is the server's. Requests are decided at once and never queued.
/// </summary>
/// <remarks>
/// Thread-safe. States that Redis loses (a failover, a restart without persistence) begin anew: more is allowed then, never less. A resource that is
/// long or odd is known by its hash, so it may come from outside.
/// </remarks>
public sealed class SharedRateLimiters
{
    private readonly LimitStore _store;
    private readonly TimeProvider _time;

    private SharedRateLimiters(LimitStore store, TimeProvider time) => (_store, _time) = (store, time);

    /// <summary>In the metadata of leases: the permits that could still be had, after this request.</summary>
    public static MetadataName<int> RemainingPermits { get; } = MetadataName.Create<int>("REMAINING_PERMITS");

    /// <summary>Limits in the memory of this process.</summary>
    /// <param name="options">The options; null: the defaults. Only <see cref="SharedRateLimiterOptions.LocalLimit"/> counts.</param>
    /// <param name="timeProvider">Their time; null: the system's.</param>
    public static SharedRateLimiters InMemory(SharedRateLimiterOptions? options = null, TimeProvider? timeProvider = null)
    {
        var time = timeProvider ?? TimeProvider.System;
        return new(new MemoryLimits(time, (options ?? new()).LocalLimit), time);
    }

    /// <summary>Limits in Redis, under keys that begin with <c>cache:!limit:</c>.</summary>
    /// <param name="client">The client; it stays the caller's.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <param name="keyPrefix">What the keys begin with.</param>
    /// <param name="timeProvider">Measures time-outs and, while Redis is away, everything; null: the system's.</param>
    /// <param name="logger">Is told of outages; null: nobody is.</param>
    public static SharedRateLimiters InRedis(
        RedisClient client, SharedRateLimiterOptions? options = null, string keyPrefix = "cache:", TimeProvider? timeProvider = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(keyPrefix);
        var time = timeProvider ?? TimeProvider.System;
        return new(new RedisLimits(client, keyPrefix, options ?? new(), time, logger ?? NullLogger.Instance), time);
    }

    /// <summary>Asks for permits.</summary>
    /// <param name="resource">Who or what is limited, with the name of the rule: <c>login:203.0.113.7</c>. Different limits of one resource count apart.</param>
    /// <param name="limit">The rule.</param>
    /// <param name="permits">From 0 to the rule's permits; 0 takes nothing and tells whether one could be had.</param>
    /// <param name="cancellationToken">Gives up; the permits may be taken nevertheless.</param>
    /// <returns>
    /// Whether they were granted; with <see cref="MetadataName.RetryAfter"/> when not, <see cref="RemainingPermits"/>, and
    /// <see cref="MetadataName.ReasonPhrase"/> when it was decided without Redis. Disposing it gives nothing back.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">More permits than the rule has, or less than 0.</exception>
    public async ValueTask<RateLimitLease> AcquireAsync(string resource, RateLimit limit, int permits = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(limit);
        ArgumentOutOfRangeException.ThrowIfNegative(permits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(permits, limit.PermitLimit);
        return new SharedLease(await _store.AcquireAsync(resource, limit, permits, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>
    /// A limiter of one resource for whatever takes a <see cref="RateLimiter"/>. Because memory alone cannot know the shared state, its synchronous
    /// <see cref="RateLimiter.AttemptAcquire"/> always fails; callers that try it first, as ASP.NET Core's rate limiting does, then ask
    /// <see cref="RateLimiter.AcquireAsync"/>, which decides. It holds no state and need not be disposed.
    /// </summary>
    /// <param name="resource">Who or what is limited.</param>
    /// <param name="limit">The rule.</param>
    public RateLimiter Create(string resource, RateLimit limit)
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(limit);
        return new SharedLimiter(_store, resource, limit, _time);
    }

    /// <summary>The partition of one resource, for ASP.NET Core's policies: <c>options.AddPolicy("api", http =&gt; limiters.Partition($"api:{address}", limit))</c>.</summary>
    /// <param name="resource">Who or what is limited; also the partition's key.</param>
    /// <param name="limit">The rule.</param>
    public RateLimitPartition<string> Partition(string resource, RateLimit limit)
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(limit);
        return RateLimitPartition.Get(resource, name => Create(name, limit));
    }
}
