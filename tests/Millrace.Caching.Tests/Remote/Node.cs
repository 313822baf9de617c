using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Caching.Naming;
using Millrace.Caching.Remote.Redis;
using Millrace.Redis;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote;

/// <summary>A cache as one process of several has it, on a real server.</summary>
internal static class Node
{
    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<Cache> StartAsync(string connectionString, Action<CacheOptions>? configure = null, string name = Cache.DefaultName, ILogger? logger = null, bool wait = true)
    {
        var options = new CacheOptions();
        configure?.Invoke(options);
        var redis = RedisOptions.Parse(connectionString);
        var time = TimeProvider.System;
        var cache = new Cache(
            name, options, time, services: null, registry: null, logger ?? NullLogger.Instance, seed: 1,
            (local, patterns, clock) => new RedisLevel(
                name, options, CacheRegistration.KeyPrefix(name, options), (redis, new RedisClientServices()), local, patterns, (clock, time), logger ?? NullLogger.Instance));
        if (wait)
        {
            await Poll.UntilAsync(() => Task.FromResult(cache.IsSharing ? null : "it is not connected"), "the node is connected");
        }

        return cache;
    }

    /// <summary>A read whose source gives a value, and counts.</summary>
    public static ValueTask<string> ReadAsync(this Cache cache, string key, Func<string> source, params string[] tags) =>
        cache.GetOrCreateAsync(key, source, static (source, _) => ValueTask.FromResult(source()), CachePolicies.Medium, tags, Token);

    /// <summary>A read that finds the value, whatever level it is in.</summary>
    public static ValueTask<string> FindAsync(this Cache cache, string key) => cache.ReadAsync(key, static () => "SOURCE");

    /// <summary>Reads keys that are hits, none of which may wait, until the node has noticed that a server is away, and for a while after that.</summary>
    public static async Task HitsAsync(this Cache cache, string[] keys, string value)
    {
        for (var rounds = 0; cache.IsSharing || rounds < 2_000; rounds += cache.IsSharing ? 0 : 1)
        {
            foreach (var key in keys)
            {
                var read = cache.FindAsync(key);
                Assert.True(read.IsCompletedSuccessfully, $"A hit waits in round {rounds}.");
                Assert.Equal(value, await read);
            }

            await Task.Yield();
        }
    }

    /// <summary>Ends when every node has heard what this one has told until now, so that a late word takes nobody's copy any more.</summary>
    public static ValueTask HeardAsync(this Cache cache) => cache.RemoveAsync(["nobody has this one"], confirmed: true, Token);

    /// <summary>Waits until a read gives something.</summary>
    public static Task UntilAsync(this Cache cache, string key, string value, TimeSpan? limit = null) =>
        Poll.UntilAsync(async () => await cache.FindAsync(key) is var found && found == value ? null : $"it is {found}", $"{key} is {value}", limit);
}
