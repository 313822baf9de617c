using Millrace.Caching.Naming;
using Millrace.Caching.Remote.Partitioned;
using Millrace.Caching.Remote.Redis;
using Millrace.Redis;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote.Partitioned;

/// <summary>Servers of one test's own that share the keys: a, b, c. They keep what they have when they are started again.</summary>
internal sealed class Partitions : IAsyncDisposable
{
    public static readonly string[] Names = ["a", "b", "c"];

    private readonly Dictionary<string, RedisServer> _servers = new(StringComparer.Ordinal);
    private readonly Rendezvous _map = new(Names);

    public RedisServer this[string name] => _servers[name];

    public IReadOnlyDictionary<string, string> Addresses => _servers.ToDictionary(static server => server.Key, static server => server.Value.Address, StringComparer.Ordinal);

    public static async Task<Partitions> StartAsync()
    {
        var partitions = new Partitions();
        foreach (var name in Names)
        {
            partitions._servers[name] = await RedisServer.StartAsync(new RedisServerSetup { Arguments = ["--appendonly", "yes", "--appendfsync", "always"] });
        }

        return partitions;
    }

    /// <summary>The name of the server that a key belongs to.</summary>
    public string Of(string key) => _map.Names[_map.Of(key)];

    /// <summary>The name of the server that a key belongs to for those who know only some.</summary>
    public static string Of(string key, params string[] names)
    {
        var map = new Rendezvous(names);
        return map.Names[map.Of(key)];
    }

    /// <summary>Keys of one server.</summary>
    public string[] KeysOf(string name, int count) => [.. Enumerable.Range(0, 100_000).Select(static i => $"k{i}").Where(key => Of(key) == name).Take(count)];

    /// <summary>Keys of all servers.</summary>
    public string[] Keys(int ofEach) => [.. Names.SelectMany(name => KeysOf(name, ofEach))];

    /// <summary>A node.</summary>
    /// <param name="configure">Its options.</param>
    /// <param name="wait">Whether to wait until it is connected.</param>
    /// <param name="names">The servers that it knows; null: all.</param>
    public async Task<Cache> NodeAsync(Action<CacheOptions>? configure = null, bool wait = true, params string[]? names)
    {
        var map = names is { Length: > 0 } ? new Rendezvous(names) : _map;
        var options = new CacheOptions();
        configure?.Invoke(options);
        var time = TimeProvider.System;
        var logger = Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;
        var prefix = CacheRegistration.KeyPrefix(Cache.DefaultName, options);
        var cache = new Cache(
            Cache.DefaultName, options, time, services: null, registry: null, logger, seed: 1,
            (local, patterns, clock) => new PartitionedLevel(
                map, local, time,
                (name, number, part, watch) => new RedisLevel(
                    Cache.DefaultName, options, prefix, (RedisOptions.Parse(_servers[name].Address), new RedisClientServices()), part, patterns, (clock, time), logger,
                    (watch, number))));
        if (wait)
        {
            await ConnectedAsync(cache);
        }

        return cache;
    }

    public static Task ConnectedAsync(Cache cache) => Poll.UntilAsync(() => Task.FromResult(cache.IsSharing ? null : "it is not connected"), "the node is connected");

    public static Task AwayAsync(Cache cache) => Poll.UntilAsync(() => Task.FromResult(cache.IsSharing ? "it has not noticed" : null), "the loss is noticed");

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers.Values)
        {
            await server.DisposeAsync();
        }
    }
}
