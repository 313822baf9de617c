using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Millrace.Redis.Cluster;
using Millrace.Redis.Protocol;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Cluster;

/// <summary>
/// Numbered values are written while slots move to and fro and a primary is killed (kill -9). Each write also reads the value before it, so
/// that what a lost primary had not passed on is seen at the first write after it.
/// </summary>
[Collection(HeavyCollection.Name)]
public sealed class ClusterChaosTests(ITestOutputHelper output)
{
    private const int Tags = 96; // slots in use
    private const int KeysPerTag = 100;
    private const int Writers = 128;
    private const int TargetRate = 10_000; // writes a second
    private static readonly TimeSpan BeforeTheKill = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan AfterTheKill = TimeSpan.FromSeconds(9);

    private readonly ConcurrentDictionary<string, int> _errors = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _wrong = new();
    private readonly CancellationTokenSource _done = new();
    private long _written;
    private long _lost;
    private long _confirmed;
    private long _killedAt = long.MaxValue;
    private long _recoveredAt;
    private HashSet<int> _killedSlots = [];

    [Fact(Timeout = 180_000)]
    public async Task No_acknowledged_write_to_a_surviving_primary_is_lost_or_mixed_up()
    {
        var random = Seeded();
        await using var cluster = await RedisCluster.StartAsync();
        await using var client = await ConnectAsync(cluster);
        var values = Values();
        var started = Stopwatch.GetTimestamp();
        var writers = Enumerable.Range(0, Writers).Select(writer => WriteAsync(client, [.. values.Where((_, i) => i % Writers == writer)], random.Next())).ToList();
        var moves = await RunAsync(cluster, cluster.Nodes[0], random, started);
        await Task.WhenAll(writers);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await cluster.WaitUntilHealthyAsync();

        var survived = 0;
        foreach (var value in values)
        {
            Check(value, await client.GetAsync(value.Key, CancellationToken.None));
            survived += _killedSlots.Contains(value.Slot) ? 0 : 1;
        }

        Report(client, $"{_written} writes acknowledged in {seconds:0.0} s ({_written / seconds:0} a second), {moves} moves of slots, "
            + $"{_lost} acknowledged writes lost with the killed primary, first write to its slots after {Stopwatch.GetElapsedTime(_killedAt, _recoveredAt).TotalSeconds:0.00} s");
        Assert.Empty(_wrong);
        Assert.NotEqual(0, _recoveredAt);
        Assert.True(_lost > 0, "the loss that was provoked was not seen: the test sees none");
        Assert.True(moves > 20, $"only {moves} slots moved");
        Assert.True(survived > values.Count / 3, "too few slots survived to tell");
    }

    [Fact(Timeout = 180_000)]
    public async Task No_write_that_a_replica_confirmed_is_lost()
    {
        var random = Seeded();
        await using var cluster = await RedisCluster.StartAsync();
        await using var client = await ConnectAsync(cluster);
        var started = Stopwatch.GetTimestamp();
        var kept = new ConcurrentBag<(string Key, bool IsConfirmed)>();
        var writers = Enumerable.Range(0, Writers).Select(writer => WriteConfirmedAsync(client, writer, kept)).ToList();
        var moves = await RunAsync(cluster, cluster.Nodes[1], random, started);
        await Task.WhenAll(writers);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await cluster.WaitUntilHealthyAsync();

        var lost = 0;
        foreach (var (key, isConfirmed) in kept)
        {
            var value = await client.GetAsync(key, CancellationToken.None);
            var isThere = value is not null && Encoding.UTF8.GetString(value) == ValueOf(key);
            var wasKilled = _killedSlots.Contains(HashSlot.Of(Encoding.UTF8.GetBytes(key)));
            if (!isThere && (isConfirmed || !wasKilled || value is not null))
            {
                _wrong.Enqueue($"{key} (confirmed {isConfirmed}, killed {wasKilled}) holds {(value is null ? "nothing" : Encoding.UTF8.GetString(value))}");
            }

            lost += isThere ? 0 : 1;
        }

        Report(client, $"{_written} writes acknowledged in {seconds:0.0} s, {_confirmed} confirmed by a replica ({_confirmed / seconds:0} a second), {moves} moves of slots, "
            + $"{lost} of those that were not confirmed lost, {_wrong.Count} of the others");
        Assert.Empty(_wrong);
        Assert.True(_confirmed > 500, $"only {_confirmed} writes were confirmed");
    }

    /// <summary>Moves slots, kills a node, moves slots of the others, and ends the writers.</summary>
    private async Task<int> RunAsync(RedisCluster cluster, ClusterNode victim, Random random, long started)
    {
        var moves = 0;
        var slots = Values().Select(static value => value.Slot).Distinct().ToArray();
        var primaries = await cluster.PrimariesAsync();
        while (Stopwatch.GetElapsedTime(started) < BeforeTheKill)
        {
            await cluster.MoveSlotAsync(slots[random.Next(slots.Length)], primaries[random.Next(primaries.Count)]);
            moves++;
        }

        _killedSlots = [];
        foreach (var slot in slots)
        {
            if (await cluster.PrimaryOfAsync(slot) == victim)
            {
                _killedSlots.Add(slot);
            }
        }

        // What was moved to the victim a moment ago its replica may not have yet: that is no write of its clients.
        await cluster.WaitUntilHealthyAsync();
        await CutOffAsync(cluster, victim);
        var survivors = primaries.Where(node => node != victim).ToArray();
        var surviving = slots.Where(slot => !_killedSlots.Contains(slot)).ToArray();
        await cluster.WaitUntilHealthyAsync();
        while (Stopwatch.GetElapsedTime(_killedAt) < AfterTheKill)
        {
            await cluster.MoveSlotAsync(surviving[random.Next(surviving.Length)], survivors[random.Next(survivors.Length)]);
            moves++;
        }

        await _done.CancelAsync();
        return moves;
    }

    /// <summary>Kills a primary whose replica has not got its last writes: without that there is hardly a loss to be counted on one machine.</summary>
    private async Task CutOffAsync(RedisCluster cluster, ClusterNode victim)
    {
        var replica = Assert.Single(await cluster.ReplicasOfAsync(victim));
        await replica.Server.PauseAsync();
        await victim.CommandAsync("CLIENT", "KILL", "TYPE", "replica");
        var before = Interlocked.Read(ref _written);
        await Poll.UntilAsync(
            () => Task.FromResult(Interlocked.Read(ref _written) is var now && now >= before + 1_000 ? null : $"{now - before} were"),
            "a thousand writes were acknowledged after the replica was cut off");
        await cluster.KillAsync(victim);
        Volatile.Write(ref _killedAt, Stopwatch.GetTimestamp());
        await replica.Server.ResumeAsync();
    }

    private async Task WriteAsync(RedisClient client, NumberedValue[] own, int seed)
    {
        var random = new Random(seed);
        var started = Stopwatch.GetTimestamp();
        for (var count = 0; !_done.IsCancellationRequested; count++)
        {
            await PaceAsync(started, count);
            var value = own[random.Next(own.Length)];
            var next = value.Next();
            try
            {
                var before = await client.SetAndGetAsync(value.Key, next, cancellationToken: CancellationToken.None);
                Check(value, before);
                value.Acknowledge();
                OnAcknowledged(value.Slot);
            }
            catch (RedisException error)
            {
                Count(error);
            }
        }
    }

    private async Task WriteConfirmedAsync(RedisClient client, int writer, ConcurrentBag<(string Key, bool IsConfirmed)> kept)
    {
        var started = Stopwatch.GetTimestamp();
        for (var count = 0; !_done.IsCancellationRequested; count++)
        {
            await PaceAsync(started, count);
            var key = string.Create(CultureInfo.InvariantCulture, $"{{tag{((writer * 7) + count) % Tags}}}:{writer}:{count}");
            try
            {
                var replicas = await client.SetAndWaitAsync(key, ValueOf(key), 1, TimeSpan.FromMilliseconds(500), CancellationToken.None);
                kept.Add((key, replicas >= 1));
                Interlocked.Add(ref _confirmed, replicas >= 1 ? 1 : 0);
                OnAcknowledged(HashSlot.Of(Encoding.UTF8.GetBytes(key)));
            }
            catch (RedisException error)
            {
                Count(error);
            }
        }
    }

    private async Task PaceAsync(long started, int count)
    {
        var due = TimeSpan.FromSeconds((double)count * Writers / TargetRate);
        var early = due - Stopwatch.GetElapsedTime(started);
        if (early > TimeSpan.FromMilliseconds(1))
        {
            await Task.Delay(early, TimeProvider.System, _done.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void OnAcknowledged(int slot)
    {
        Interlocked.Increment(ref _written);
        if (Volatile.Read(ref _killedAt) != long.MaxValue && _killedSlots.Contains(slot))
        {
            Interlocked.CompareExchange(ref _recoveredAt, Stopwatch.GetTimestamp(), 0);
        }
    }

    private void Check(NumberedValue value, byte[]? held)
    {
        if (value.Read(held, out var number) is { } wrong)
        {
            _wrong.Enqueue(wrong);
        }
        else if (number < value.Acknowledged)
        {
            if (_killedSlots.Contains(value.Slot))
            {
                Interlocked.Add(ref _lost, value.ForgetAfter(number));
            }
            else
            {
                _wrong.Enqueue($"{value.Key} holds {number}, and {value.Acknowledged} was acknowledged by a server that lives");
            }
        }
    }

    private void Count(RedisException error)
    {
        var kind = error switch
        {
            RedisConnectionException connection => $"{nameof(RedisConnectionException)} {connection.Delivery}",
            RedisTimeoutException timeout => $"{nameof(RedisTimeoutException)} {timeout.Delivery}",
            _ => $"{error.GetType().Name} {error.Message}",
        };
        if (_errors.AddOrUpdate(kind, 1, static (_, count) => count + 1) == 1)
        {
            output.WriteLine($"first of its kind: {error.Message}");
        }

        if (error is not (RedisConnectionException or RedisTimeoutException))
        {
            _wrong.Enqueue($"not an error that callers are told to expect: {kind}");
        }
    }

    private void Report(RedisClient client, string what)
    {
        var topology = (ClusterTopology)client.Topology;
        output.WriteLine(what);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"sent elsewhere {topology.RedirectionCount} times, map read {topology.RefreshCount} times"));
        output.WriteLine($"errors: {string.Join(", ", _errors.Select(static error => string.Create(CultureInfo.InvariantCulture, $"{error.Key}: {error.Value}")))}");
        foreach (var wrong in _wrong.Take(10))
        {
            output.WriteLine(wrong);
        }
    }

    private Random Seeded()
    {
        var seed = Environment.ProcessId;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}"));
        return new Random(seed);
    }

    private static ValueTask<RedisClient> ConnectAsync(RedisCluster cluster) =>
        RedisClient.ConnectAsync($"{cluster.Nodes[0].Address},{cluster.Nodes[1].Address},{cluster.Nodes[2].Address},commandTimeout=15s");

    private static List<NumberedValue> Values() =>
    [
        .. Enumerable.Range(0, Tags * KeysPerTag).Select(static i =>
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"{{tag{i % Tags}}}:{i / Tags}");
            return new NumberedValue(key, HashSlot.Of(Encoding.UTF8.GetBytes(key)));
        }),
    ];

    private static string ValueOf(string key) => $"{key} and some words that make it no shorter than values are";
}
