using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Hybrid;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote.Model;

/// <summary>
/// Readers and writers of a few keys on three nodes; some reads go past the copy of their node, or ask for several keys at once. What is checked of each
/// read:
/// (a) on the node that invalidated, and after a confirmed invalidation on every node, it is not older than the source was when the invalidation began;
/// (b) it is not older than what the node has served before;
/// and at the end: (c) every node, and a new look into the second level, comes to the source's last version.
/// </summary>
internal sealed class History
{
    private const int Keys = 2;
    private const int Reads = 10;
    private const int Writes = 4;

    /// <summary>The policy of every read and write.</summary>
    public static readonly CachePolicy Policy = new("model", TimeSpan.FromMinutes(5)) { StaleInOutage = false };

    private static readonly HybridCacheEntryOptions[] PastTheCopy =
        [new() { Flags = HybridCacheEntryFlags.DisableLocalCacheRead }, new() { Flags = HybridCacheEntryFlags.DisableLocalCache }];

    private readonly Cache[] _caches;
    private readonly int _seed;
    private readonly Mutation _mutation;
    private readonly ConcurrentQueue<string> _violations;
    private readonly Chronicle _chronicle;
    private readonly Dawdler _dawdler;
    private readonly int[] _source = new int[Keys];
    private readonly int[,] _least; // by node and key
    private readonly SemaphoreSlim[] _writing = [.. Enumerable.Range(0, Keys).Select(static _ => new SemaphoreSlim(1))];

    public History(Cache[] caches, int seed, Mutation mutation, ConcurrentQueue<string> violations, Chronicle chronicle)
    {
        (_caches, _seed, _mutation, _violations, _chronicle) = (caches, seed, mutation, violations, chronicle);
        _dawdler = new Dawdler(seed);
        _least = new int[caches.Length, Keys];
    }

    public async Task ReadAsync(Random random)
    {
        for (var i = 0; i < Reads; i++)
        {
            await _dawdler.DawdleAsync();
            await ReadAsync(random.Next(_caches.Length), random.Next(Keys), "read");
        }
    }

    public async Task WriteAsync(Random random)
    {
        for (var i = 0; i < Writes; i++)
        {
            await _dawdler.DawdleAsync();
            var (node, key) = (random.Next(_caches.Length), random.Next(Keys));
            await _writing[key].WaitAsync(); // the source's own writes of a key have an order
            try
            {
                await WriteAsync(node, key, random);
            }
            finally
            {
                _writing[key].Release();
            }
        }
    }

    /// <summary>After the last push every node has the last version.</summary>
    public async Task SettleAsync()
    {
        for (var key = 0; key < Keys; key++)
        {
            await Poll.UntilAsync(
                async () =>
                {
                    await _caches[0].RemoveAsync([Key(key)], confirmed: true); // says so where the connection is not back yet
                    return null;
                },
                "the last removal is confirmed");
            for (var node = 0; node < _caches.Length; node++)
            {
                Raise(node, key, _source[key]);
                await ReadAsync(node, key, "settled");
            }
        }
    }

    private string Key(int key) => $"h{_seed}:k{key}";

    private string Tag(int key) => $"h{_seed}:t{key}";

    private async Task WriteAsync(int node, int key, Random random)
    {
        var cache = _caches[node];
        var version = Interlocked.Increment(ref _source[key]);
        await _dawdler.DawdleAsync();
        var confirmed = random.Next(4) == 0 && _mutation == Mutation.None; // a broken rule must show without it
        var way = random.Next(8);
        _chronicle.Note(node, Key(key), $"the source has {version}, invalidated by way {way}{(confirmed ? ", confirmed" : "")}");
        try
        {
            switch (way)
            {
                case 0:
                    await cache.RemoveByPatternAsync($"{Key(key)}*", confirmed);
                    break;
                case 1 or 2 or 3:
                    await cache.RemoveByTagAsync([Tag(key)], confirmed);
                    break;
                case 4:
                    confirmed = false;
                    await cache.SetAsync(Key(key), version, Policy, [Tag(key)]);
                    break;
                default:
                    await cache.RemoveAsync([Key(key)], confirmed);
                    break;
            }
        }
        catch (TimeoutException)
        {
            confirmed = false; // it said so
        }

        _chronicle.Note(node, Key(key), $"{version} is invalidated");

        for (var other = 0; other < _caches.Length; other++)
        {
            if (other == node || confirmed)
            {
                Raise(other, key, version);
            }
        }
    }

    private async Task ReadAsync(int node, int key, string what)
    {
        var least = Volatile.Read(ref _least[node, key]);
        _chronicle.Note(node, Key(key), $"{what} begins");
        var way = what == "settled" ? 8 : _dawdler.Next(8);
        if (way == 0)
        {
            // What is there, without a source.
            if ((await _caches[node].GetManyAsync<int>([Key(key)])).TryGetValue(Key(key), out var found))
            {
                Seen(node, key, found, least, what);
            }

            return;
        }

        var version = way <= PastTheCopy.Length
            ? await _caches[node].GetOrCreateAsync(Key(key), (History: this, Key: key), SourceAsync, PastTheCopy[way - 1], [Tag(key)])
            : await _caches[node].GetOrCreateAsync(Key(key), (History: this, Key: key), SourceAsync, Policy, [Tag(key)]);
        Seen(node, key, version, least, what);
    }

    private static async ValueTask<int> SourceAsync((History History, int Key) s, CancellationToken cancellationToken)
    {
        await s.History._dawdler.DawdleAsync();
        var version = Volatile.Read(ref s.History._source[s.Key]);
        s.History._chronicle.Note(-1, s.History.Key(s.Key), $"the source gives {version}");
        await s.History._dawdler.DawdleAsync();
        return version;
    }

    private void Seen(int node, int key, int version, int least, string what)
    {
        _chronicle.Note(node, Key(key), $"{what}: {version}");
        if (version < least)
        {
            _violations.Enqueue(
                $"history {_seed}, node {node}, key {key}, {what}: version {version} after {least}\n"
                + _chronicle.Tell(name => name.StartsWith(Key(key), StringComparison.Ordinal) || name == Tag(key)));
        }

        Raise(node, key, version);
    }

    private void Raise(int node, int key, int version)
    {
        ref var least = ref _least[node, key];
        for (var current = Volatile.Read(ref least); version > current;)
        {
            var seen = Interlocked.CompareExchange(ref least, version, current);
            if (seen == current)
            {
                return;
            }

            current = seen;
        }
    }
}
