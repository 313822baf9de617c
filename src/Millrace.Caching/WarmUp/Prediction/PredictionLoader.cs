using Millrace.Caching.Invalidation;

namespace Millrace.Caching.WarmUp.Prediction;

/// <summary>How the keys of a pattern are made.</summary>
internal abstract class PredictionLoader(KeyGlob pattern)
{
    public KeyGlob Pattern { get; } = pattern;

    /// <summary>Reads a key through the cache, so that it is there afterwards.</summary>
    public abstract ValueTask LoadAsync(CacheWarmingContext context, string key, CancellationToken cancellationToken);
}

/// <summary>The same for values of one type.</summary>
internal sealed class PredictionLoader<T>(
    KeyGlob pattern, Func<IServiceProvider, string, CancellationToken, ValueTask<T>> load, CachePolicy policy, Func<string, IEnumerable<string>>? tags)
    : PredictionLoader(pattern)
{
    public override async ValueTask LoadAsync(CacheWarmingContext context, string key, CancellationToken cancellationToken)
    {
        await context.Cache.GetOrCreateAsync(
            key,
            (load, context.Services, key),
            static (state, token) => state.load(state.Services, state.key, token),
            policy,
            tags?.Invoke(key),
            cancellationToken).ConfigureAwait(false);
    }
}
