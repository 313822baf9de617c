using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Millrace.Caching.FailSafe;

namespace Millrace.Caching;

/// <summary>Registers keys that are kept fresh.</summary>
public static class CacheFreshnessExtensions
{
    private const double UsualShare = 0.8;

    private static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Keeps a key in the cache though nobody reads it, from when the host starts: it is brought when it is missing, and read anew before it expires
    /// (<see cref="CachePolicy.RefreshAhead"/>, or 0.8 where the policy has none). Of several processes that share the cache one does it at a time. After
    /// an invalidation it is back within half of the last part of its life, 30 seconds at most.
    /// </summary>
    /// <param name="builder">The cache.</param>
    /// <param name="key">The key.</param>
    /// <param name="loader">Reads the source; gets the services of a scope of its own, and is given up after <see cref="CachePolicy.HardTimeout"/>, or a minute.</param>
    /// <param name="policy">How long the value is kept.</param>
    /// <param name="tags">Tags to invalidate it by; null: none.</param>
    /// <returns>The builder, for the next call.</returns>
    /// <exception cref="InvalidOperationException">There are 1,000 such keys already.</exception>
    public static CacheBuilder KeepFresh<T>(
        this CacheBuilder builder,
        string key,
        Func<IServiceProvider, CancellationToken, ValueTask<T>> loader,
        CachePolicy policy,
        IReadOnlyCollection<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        ArgumentNullException.ThrowIfNull(loader);
        ArgumentNullException.ThrowIfNull(policy);
        if (builder.Services.Count(static service => service.ServiceType == typeof(FreshKey)) >= FreshKey.Limit)
        {
            throw new InvalidOperationException($"{FreshKey.Limit} keys are kept fresh already. Warm what is many with a warmer (AddWarmer).");
        }

        policy = policy.RefreshAhead is null ? policy with { RefreshAhead = UsualShare } : policy;
        var interval = policy.Expiration * (1 - policy.RefreshAhead!.Value) / 2;
        interval = interval < LeastInterval ? LeastInterval : interval > LongestInterval ? LongestInterval : interval;
        builder.Services.AddSingleton<FreshKey>(new FreshKey<T>(builder.Name, interval, key, loader, policy, [.. tags ?? []]));
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, FreshKeeper>());
        return builder;
    }
}
