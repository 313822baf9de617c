using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Caching.Tests.WarmUp;

/// <summary>A cache with warmers, for tests.</summary>
internal sealed class Warmth : IAsyncDisposable
{
    private readonly ServiceProvider _provider;

    private Warmth(ServiceProvider provider) => _provider = provider;

    public CacheWarming Warming => _provider.GetRequiredService<CacheWarming>();

    public Cache Cache => _provider.GetRequiredService<Cache>();

    public static Warmth With(
        Action<CacheBuilder> declare, TimeProvider? clock = null, Action<CacheOptions>? options = null, Dictionary<string, string?>? settings = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings ?? []).Build());
        services.AddSingleton(clock ?? new EagerClock(TimeSpan.FromSeconds(30))); // pace and retries wait for no test
        declare(services.AddMillraceCache(options));
        return new Warmth(services.BuildServiceProvider());
    }

    /// <summary>Candidates in the order given.</summary>
    public static Func<CacheWarmingContext, CancellationToken, IAsyncEnumerable<CacheWarmingCandidate>> Find(params CacheWarmingCandidate[] candidates) =>
        (_, token) => Each(candidates, token);

    /// <summary>So many candidates, <c>k:0</c> the most active.</summary>
    public static Func<CacheWarmingContext, CancellationToken, IAsyncEnumerable<CacheWarmingCandidate>> Find(int count) =>
        Find([.. Enumerable.Range(0, count).Select(i => new CacheWarmingCandidate($"k:{i}", count - i))]);

    /// <summary>Stores each candidate of the batch, its key as the value.</summary>
    public static async ValueTask<int> Store(CacheWarmingContext context, IReadOnlyList<CacheWarmingCandidate> batch, CancellationToken cancellationToken)
    {
        foreach (var candidate in batch)
        {
            await context.Cache.SetAsync(candidate.Key, candidate.Key, CachePolicies.Long, cancellationToken: cancellationToken);
        }

        return batch.Count;
    }

    /// <summary>A loader that stores, and notes which keys it was given.</summary>
    public static Func<CacheWarmingContext, IReadOnlyList<CacheWarmingCandidate>, CancellationToken, ValueTask<int>> Note(ConcurrentQueue<string[]> batches) =>
        (context, batch, token) =>
        {
            batches.Enqueue([.. batch.Select(candidate => candidate.Key)]);
            return Store(context, batch, token);
        };

    public static async IAsyncEnumerable<T> Each<T>(IEnumerable<T> values, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var value in values)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.CompletedTask;
            yield return value;
        }
    }

    public ValueTask DisposeAsync() => _provider.DisposeAsync();
}
