using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Millrace.Caching.Remote;

namespace Millrace.Caching;

/// <summary>Gives caches a second level in any <see cref="IDistributedCache"/>, or one to fall back to while Redis is away.</summary>
public static class CacheDistributedExtensions
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Shares the cache through an <see cref="IDistributedCache"/>, such as that of SQL Server or PostgreSQL. A cache that also has
    /// <see cref="CacheRedisExtensions.UseRedis(CacheBuilder)"/> is shared through Redis, and through this store while Redis cannot be used.
    /// </summary>
    /// <remarks>
    /// Such a store tells nobody of changes: what one process invalidates others serve until their copies expire
    /// (<see cref="CachePolicy.LocalExpiration"/>, 60 s unless the policy says less). Invalidations cannot be confirmed, and one reader per process, not of
    /// all, is at the source. With Redis beside it the store only has what was read during the outage.
    /// </remarks>
    /// <param name="builder">The builder.</param>
    /// <param name="cache">Gives the store; null: the <see cref="IDistributedCache"/> of the services. Not Millrace's own.</param>
    /// <param name="timeout">The longest that a call of the store may take before the reader goes on to its source. From 10 ms to 1 minute; default 1 s.</param>
    /// <returns>The builder, for the next call.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is out of its range.</exception>
    public static CacheBuilder UseDistributedCache(this CacheBuilder builder, Func<IServiceProvider, IDistributedCache>? cache = null, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var limit = timeout ?? DefaultTimeout;
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, LeastTimeout, nameof(timeout));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, LongestTimeout, nameof(timeout));
        builder.Services.AddSingleton(new SecondLevelRegistration(builder.Name, cache ?? Registered, limit));
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SecondLevelStarter>());
        return builder;
    }

    private static IDistributedCache Registered(IServiceProvider services) =>
        services.GetService<IDistributedCache>()
        ?? throw new InvalidOperationException(
            "UseDistributedCache finds no IDistributedCache among the services. Register one, such as with AddDistributedSqlServerCache, or name it: UseDistributedCache(services => …).");
}
