using Millrace.TestKit;

namespace Millrace.Caching.Tests.FailSafe;

/// <summary>Reads of the tests of sources that fail or are slow.</summary>
internal static class Reads
{
    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static ValueTask<string?> ReadAsync(this Cache cache, Source source, CachePolicy policy, params string[] tags) =>
        cache.GetOrCreateAsync("user:1", source, Source.Read, policy, tags, Token);

    /// <summary>A read whose source gives a value at once.</summary>
    public static ValueTask<string?> GivenAsync(this Cache cache, string? value, CachePolicy policy, params string[] tags) =>
        cache.GetOrCreateAsync("user:1", value, static (value, _) => ValueTask.FromResult(value), policy, tags, Token);

    /// <summary>A read whose source fails at once.</summary>
    public static ValueTask<string?> FailingAsync(this Cache cache, CachePolicy policy, Exception? failure = null, params string[] tags) =>
        cache.GetOrCreateAsync("user:1", failure ?? new IOException("the source is away"), static (failure, _) => ValueTask.FromException<string?>(failure), policy, tags, Token);

    public static Task UntilAsync(this Cache cache, Func<CacheStatistics, bool> holds, string what) =>
        Poll.UntilAsync(() => Task.FromResult(holds(cache.GetStatistics()) ? null : "not yet"), what);
}
