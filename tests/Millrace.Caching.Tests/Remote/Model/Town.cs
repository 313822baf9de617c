using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Caching.Remote;
using Millrace.Caching.Remote.Partitioned;
using Millrace.Caching.Remote.Redis;
using Millrace.Redis;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote.Model;

/// <summary>Three nodes on one server or several, each with a part of the keys, a source with versions, and what each node may still serve.</summary>
internal sealed class Town : IAsyncDisposable
{
    public const int Nodes = 3;

    private static readonly int Cuts = int.TryParse(Environment.GetEnvironmentVariable("MILLRACE_CACHE_CUTS"), System.Globalization.CultureInfo.InvariantCulture, out var cuts) ? cuts : 100;

    private static readonly TimeSpan Trust = TimeSpan.FromMilliseconds(1500);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(8);

    private readonly TownServer[] _servers;
    private readonly Cache[] _caches;
    private readonly Mutation _mutation;

    private readonly DawdlingLevel[] _levels;
    private readonly DawdlingLocal[] _locals;

    private Town(TownServer[] servers, Cache[] caches, (DawdlingLevel[] Remote, DawdlingLocal[] Local) levels, Mutation mutation) =>
        (_servers, _caches, _levels, _locals, _mutation) = (servers, caches, levels.Remote, levels.Local, mutation);

    public string Prefix { get; private init; } = "";

    public ConcurrentQueue<string> Violations { get; } = new();

    public Chronicle Chronicle { get; private init; } = new();

    public static Task<Town> StartAsync(TownServer server, int seed, Mutation mutation) => StartAsync([server], seed, mutation);

    /// <summary>The same on several servers.</summary>
    /// <param name="servers">The servers.</param>
    /// <param name="seed">Of the delays.</param>
    /// <param name="mutation">The rule that is broken, if any.</param>
    /// <param name="areListsUnlike">Whether the last node has a server less than the others.</param>
    public static async Task<Town> StartAsync(TownServer[] servers, int seed, Mutation mutation, bool areListsUnlike = false)
    {
        var (caches, levels, locals, chronicle) = (new Cache[Nodes], new DawdlingLevel[Nodes], new DawdlingLocal[Nodes], new Chronicle());
        for (var node = 0; node < Nodes; node++)
        {
            var dawdler = new Dawdler(seed + node);
            var options = new CacheOptions { KeyPrefix = $"model{seed}{mutation}:", DefaultPolicy = History.Policy };
            options.Redis.TrustDuration = Trust;
            var me = node;
            SecondLevelFactory factory = (local, patterns, clock) => levels[me] = new DawdlingLevel(
                Level(
                    areListsUnlike && me == Nodes - 1 ? servers[..^1] : servers, isList: servers.Length > 1, locals[me] = new DawdlingLocal(local, dawdler, mutation, () => Volatile.Read(ref caches[me]), (name, what) => chronicle.Note(me, name, what)),
                    (server, local, layout) => new RedisLevel(
                        "model", options, options.KeyPrefix, (RedisOptions.Parse(server.Address), new RedisClientServices()), local, patterns,
                        (clock, TimeProvider.System), NullLogger.Instance, layout)),
                dawdler,
                mutation,
                (name, what) => chronicle.Note(me, name, what));
            caches[node] = new Cache("model", options, TimeProvider.System, services: null, registry: null, NullLogger.Instance, seed, factory);
        }

        var town = new Town(servers, caches, (levels, locals), mutation) { Prefix = $"model{seed}{mutation}:", Chronicle = chronicle };
        await town.ConnectedAsync();
        return town;
    }

    private static SecondLevel Level(
        TownServer[] servers, bool isList, ILocalLevel local, Func<TownServer, ILocalLevel, (LayoutWatch, int)?, SecondLevel> make)
    {
        if (!isList)
        {
            return make(servers[0], local, null);
        }

        var names = servers.Select(static (server, i) => (Name: $"s{i}", server)).ToDictionary(static pair => pair.Name, static pair => pair.server, StringComparer.Ordinal);
        return new PartitionedLevel(new Rendezvous(names.Keys), local, TimeProvider.System, (name, number, part, watch) => make(names[name], part, (watch, number)));
    }

    /// <summary>Runs one history over keys of its own.</summary>
    public async Task PlayAsync(int seed)
    {
        var random = new Random(seed);
        var history = new History(_caches, seed, _mutation, Violations, Chronicle);
        var actors = new List<Task>();
        for (var i = 0; i < 3; i++)
        {
            actors.Add(history.ReadAsync(new Random(random.Next())));
        }

        for (var i = 0; i < 2; i++)
        {
            actors.Add(history.WriteAsync(new Random(random.Next())));
        }

        if (random.Next(_mutation == Mutation.TrustKept ? 4 : Cuts) == 0)
        {
            // A lost connection: of all nodes to one server, at any moment of the others' doings.
            actors.Add(CutAsync(random.Next(2) == 0 ? "normal" : "pubsub", server: random.Next(_servers.Length)));
        }
        else if ((_servers.Length > 1 || _servers[0].IsCluster) && random.Next(4 * Cuts) == 0)
        {
            // One of several servers, or of a cluster, is away for longer than trust lasts.
            actors.Add(_servers[random.Next(_servers.Length)].FreezeAsync(Trust + Trust / 2));
        }

        await InTimeAsync(Task.WhenAll(actors), seed, "its actors");
        await InTimeAsync(history.SettleAsync(), seed, "its end");
    }

    /// <summary>Nothing waits as long as a lease lasts: whoever has one uses it or gives it back.</summary>
    private async Task InTimeAsync(Task task, int seed, string what)
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            if (_mutation != Mutation.None)
            {
                return; // what is sought is a stale value
            }

            Violations.Enqueue($"history {seed}: {what} took longer than {Limit}; connected: {string.Join(", ", _caches.Select(static cache => cache.IsSharing))}, "
                + $"flights: {string.Join(", ", _caches.Select(static cache => cache.GetStatistics().Flights))}");
        }
    }

    /// <summary>Reads on one node, from a source that has a value.</summary>
    public ValueTask<int> ReadAsync(int node, string key, int source) =>
        _caches[node].GetOrCreateAsync(key, source, static (source, _) => ValueTask.FromResult(source), new CachePolicy { StaleInOutage = false });

    /// <summary>The same past the copy here.</summary>
    public ValueTask<int> ReadPastAsync(int node, string key, int source) => _caches[node].GetOrCreateAsync(
        key, source, static (source, _) => ValueTask.FromResult(source), new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCache });

    /// <summary>Sets a value on one node.</summary>
    public ValueTask SetAsync(int node, string key, int value) => _caches[node].SetAsync(key, value, new CachePolicy { StaleInOutage = false });

    /// <summary>Removes a key on one node.</summary>
    public ValueTask RemoveAsync(int node, string key, bool confirmed) => _caches[node].RemoveAsync([key], confirmed);

    /// <inheritdoc cref="DawdlingLevel.HoldRemoval" />
    public Task HoldRemoval(int node, Task before, Task after) => _levels[node].HoldRemoval(before, after);

    /// <summary>Holds what a node hears of changed keys back until a task ends.</summary>
    public void HoldWords(int node, Task until) => _locals[node].HeldUntil = until;

    /// <summary>Holds the second level's answer to a node's next read back until a task ends.</summary>
    /// <returns>Ends when the answer is there and held back.</returns>
    public Task Hold(int node, Task until) => _levels[node].Hold(until);

    /// <summary>Sends the server a command of somebody else's.</summary>
    public Task CommandAsync(params string[] command) => _servers[0].CommandAsync(command);

    /// <summary>Cuts the connections of one kind, and does something before anybody is back.</summary>
    public async Task CutAsync(string kind, string[]? meanwhile = null, int server = 0)
    {
        await _servers[server].CutAsync(kind, meanwhile);
        if (meanwhile is not null)
        {
            await Poll.UntilAsync(() => Task.FromResult(_caches.All(static cache => cache.IsSharing) ? null : "not all are connected"), "the nodes are connected");
        }

        await ConnectedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var cache in _caches)
        {
            await cache.DisposeAsync();
        }
    }

    private Task ConnectedAsync() => Poll.UntilAsync(() => Task.FromResult(_caches.All(static cache => cache.IsSharing) ? null : "not all are connected"), "the nodes are connected");
}
