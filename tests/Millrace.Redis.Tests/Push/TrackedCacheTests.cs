using System.Globalization;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Push;

/// <summary>
/// A cache as small as it gets stands on tracked reads: a read puts a mark before it is sent, an invalidation removes the mark, and a reply fills
/// only a mark that is still there. Whatever the schedule, once all is quiet no value in it is stale.
/// </summary>
public sealed class TrackedCacheTests(ITestOutputHelper output)
{
    private const int Rounds = 150;
    private const int Keys = 6;
    private const int ReadsPerRound = 60;
    private const int WritesPerRound = 30;

    [Theory(Timeout = 240_000)]
    [InlineData("every read", false)]
    [InlineData("opt-in", false)]
    [InlineData("broadcast", false)]
    [InlineData("every read", true)]
    [InlineData("opt-in", true)]
    [InlineData("broadcast", true)]
    public async Task No_stale_value_stays_in_a_cache_that_marks_reads_as_pending(string mode, bool losesConnections)
    {
        const int Seed = 20261121;
        output.WriteLine($"seed {Seed}");
        await using var server = await RedisServer.StartAsync();
        var tracking = new RedisTrackingOptions { OptIn = mode == "opt-in", Broadcast = mode == "broadcast" };
        await using var client = await TrackingTests.ConnectAsync(server, tracking, static options => options.RetryReads = true);
        var cache = new SmallCache(client);
        using var registration = client.AddInvalidationHandler(cache);
        await using var first = await server.ConnectAsync();
        await using var second = await server.ConnectAsync();
        await using var killer = await server.ConnectAsync();
        var id = (await killer.SendAsync("CLIENT", "ID")).Text!;

        for (var round = 0; round < Rounds; round++)
        {
            var random = new Random(Seed + round);
            var readers = Enumerable.Range(0, 4).Select(_ => ReadAsync(cache, new Random(random.Next()))).ToArray();
            var writers = new[] { first, second }.Select(control => WriteAsync(control, new Random(random.Next()))).ToArray();
            if (losesConnections && random.Next(4) == 0)
            {
                await KillOthersAsync(killer, id);
            }

            await Task.WhenAll([.. readers, .. writers]);
            await ReadSurelyAsync(client); // a reply after all writes: what they invalidated was told before it
            await CompareAsync(cache, killer, round);
        }

        Assert.True(cache.Hits > 0 && cache.Fills > Rounds, $"{cache.Hits} hits, {cache.Fills} fills"); // it was a cache
        output.WriteLine($"{cache.Hits} hits, {cache.Fills} fills, {cache.Refused} refused fills, {cache.Losses} losses");
        Assert.True(cache.Refused > 0, "No invalidation ever came while a read was pending: the schedule tests nothing.");
        Assert.Equal(losesConnections, cache.Losses > 0);
    }

    private static async Task ReadAsync(SmallCache cache, Random random)
    {
        for (var i = 0; i < ReadsPerRound; i++)
        {
            await cache.ReadAsync(Key(random.Next(Keys)));
            if (random.Next(3) == 0)
            {
                await Task.Yield();
            }
        }
    }

    private static async Task WriteAsync(RedisControl control, Random random)
    {
        for (var i = 0; i < WritesPerRound; i++)
        {
            await control.SendAsync("INCR", Key(random.Next(Keys)));
        }
    }

    /// <summary>Only the client's connections have the library's or no name and are not ours: all but those of the tests.</summary>
    private static async Task KillOthersAsync(RedisControl killer, string id)
    {
        foreach (var line in (await killer.SendAsync("CLIENT", "LIST")).Text!.Split('\n'))
        {
            var fields = line.Split(' ').Select(static field => field.Split('=', 2)).Where(static field => field.Length == 2).ToDictionary(static field => field[0], static field => field[1], StringComparer.Ordinal);
            if (fields.TryGetValue("resp", out var protocol) && protocol == "3" && fields["id"] != id)
            {
                await killer.SendAsync("CLIENT", "KILL", "ID", fields["id"]);
            }
        }
    }

    private static async Task ReadSurelyAsync(RedisClient client)
    {
        while (true)
        {
            try
            {
                await client.GetAsync("quiet");
                return;
            }
            catch (RedisConnectionException)
            {
                // It was on its way when the connection was lost: the next one.
            }
        }
    }

    private static async Task CompareAsync(SmallCache cache, RedisControl control, int round)
    {
        foreach (var (key, value) in cache.Values())
        {
            var stored = (await control.SendAsync("GET", key)).Text;
            Assert.True(value == stored, $"Round {round}: the cache says {value} for {key}, the server {stored}.");
        }
    }

    private static string Key(int number) => string.Create(CultureInfo.InvariantCulture, $"key{number}");

    private sealed class SmallCache(RedisClient client) : RedisInvalidationHandler
    {
        private readonly Lock _lock = new(); // guards everything
        private readonly Dictionary<string, object> _entries = new(StringComparer.Ordinal); // a mark, or the value

        public int Hits { get; private set; }

        public int Fills { get; private set; }

        public int Refused { get; private set; }

        public int Losses { get; private set; }

        public async Task ReadAsync(string key)
        {
            var mark = new object();
            lock (_lock)
            {
                if (_entries.TryGetValue(key, out var entry) && entry is string)
                {
                    Hits++;
                    return;
                }

                _entries[key] = mark;
            }

            string? value = null;
            try
            {
                var bytes = await client.Tracked.GetAsync(key);
                value = bytes is null ? null : System.Text.Encoding.UTF8.GetString(bytes);
            }
            catch (RedisConnectionException)
            {
                // Not filled.
            }

            lock (_lock)
            {
                if (!_entries.TryGetValue(key, out var entry) || entry != mark)
                {
                    Refused++;
                }
                else if (value is null)
                {
                    _entries.Remove(key);
                }
                else
                {
                    _entries[key] = value;
                    Fills++;
                }
            }
        }

        public IReadOnlyList<(string Key, string Value)> Values()
        {
            lock (_lock)
            {
                return [.. _entries.Where(static entry => entry.Value is string).Select(static entry => (entry.Key, (string)entry.Value))];
            }
        }

        public override void OnInvalidated(ReadOnlySpan<byte> key)
        {
            lock (_lock)
            {
                _entries.Remove(System.Text.Encoding.UTF8.GetString(key));
            }
        }

        public override void OnAllInvalidated(RedisTrackedConnection connection) => Clear();

        public override void OnTrustLost(RedisTrackedConnection connection)
        {
            Clear();
            Losses++;
        }

        public override void OnTrustRestored(RedisTrackedConnection connection)
        {
            // Reads fill again.
        }

        private void Clear()
        {
            lock (_lock)
            {
                _entries.Clear();
            }
        }
    }
}
