using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Sentinel;

/// <summary>
/// Numbered values are written while the primary is killed (kill -9) or replaced. What each write replaced shows that replies reach their
/// callers, and what was lost; without WAIT some acknowledged writes may be, which is Redis' own limit: they are counted and printed.
/// </summary>
[Collection(HeavyCollection.Name)]
public sealed class SentinelChaosTests(ITestOutputHelper output)
{
    private const int Limit = 240_000;
    private const int Writers = 100;
    private const int KeysPerWriter = 20;
    private const int TargetRate = 10_000; // writes a second
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(5); // of the first write on the new primary
    private static readonly TimeSpan LongestOutage = TimeSpan.FromSeconds(45);
    private static readonly string[] DocumentedCodes = ["READONLY", "LOADING", "MASTERDOWN", "UNBLOCKED"];

    private readonly ConcurrentDictionary<string, int> _errors = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _wrong = new();
    private readonly CancellationTokenSource _done = new();
    private readonly TaskCompletionSource _recovered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WrittenKey[][] _keys = [];
    private Func<bool> _isOnNew = static () => false;
    private long _disturbedAt = long.MaxValue;
    private long _recoveredAt;
    private long _acknowledged;
    private long _unconfirmed;
    private long _missing;

    [Fact(Timeout = Limit)]
    public async Task When_the_primary_is_killed_under_load_replies_reach_their_callers_and_errors_are_the_documented_ones()
    {
        await RunAsync(WriteAsync, static group => group.KillPrimaryAsync());

        Assert.Empty(_wrong);
        Assert.NotEqual(0, _recoveredAt);
    }

    [Fact(Timeout = Limit)]
    public async Task When_a_failover_is_ordered_under_load_replies_reach_their_callers_and_errors_are_the_documented_ones()
    {
        await RunAsync(WriteAsync, static async group =>
        {
            var former = await group.CurrentPrimaryAsync();
            await group.FailOverAsync();
            return former;
        });

        Assert.Empty(_wrong);
        Assert.NotEqual(0, _recoveredAt);
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_replica_confirmed_survives_the_death_of_the_primary()
    {
        await RunAsync(WriteConfirmedAsync, static group => group.KillPrimaryAsync());

        Assert.Empty(_wrong);
        Assert.NotEqual(0, _recoveredAt);
        Assert.Equal(0, _missing);
        Assert.True(_acknowledged > 1_000, $"only {_acknowledged} writes were confirmed");
    }

    private async Task RunAsync(Func<RedisClient, WrittenKey[], Task> write, Func<SentinelGroup, Task<RedisServer>> disturb)
    {
        await using var group = await SentinelGroup.StartAsync();
        var options = ConnectTests.Options(group);
        options.CommandTimeout = TimeSpan.FromSeconds(5);
        options.MaximumDedicatedConnections = Writers;
        await using var client = await RedisClient.ConnectAsync(options);
        var first = client.Topology.NodeOf(-1);
        _isOnNew = () => client.Topology.NodeOf(-1) != first;
        _keys = [.. Enumerable.Range(0, Writers).Select(static writer => Enumerable.Range(0, KeysPerWriter)
            .Select(number => new WrittenKey(string.Create(CultureInfo.InvariantCulture, $"writer{writer}:key{number}"))).ToArray())];

        // 1. Load on the first primary.
        var started = Stopwatch.GetTimestamp();
        var writers = _keys.Select(keys => write(client, keys)).ToList();
        await Task.Delay(Before, TimeProvider.System);
        var rate = Interlocked.Read(ref _acknowledged) / Stopwatch.GetElapsedTime(started).TotalSeconds;

        // 2. The primary goes; the writers go on.
        Volatile.Write(ref _disturbedAt, Stopwatch.GetTimestamp());
        var former = await disturb(group);
        await _recovered.Task.WaitAsync(LongestOutage);
        await Task.Delay(After, TimeProvider.System);
        await _done.CancelAsync();
        await Task.WhenAll(writers);

        // 3. What is there now is compared with what was acknowledged.
        var primary = await group.WaitForFailOverAsync(former);
        await using var control = await primary.ConnectAsync();
        foreach (var key in _keys.SelectMany(static keys => keys))
        {
            Check(key, (await control.SendAsync("GET", key.Key)).Text);
        }

        Report(rate);
    }

    private async Task WriteAsync(RedisClient client, WrittenKey[] keys)
    {
        var started = Stopwatch.GetTimestamp();
        for (var count = 0; !_done.IsCancellationRequested; count++)
        {
            await PaceAsync(started, count);
            var key = keys[count % keys.Length];
            try
            {
                var before = await client.SetAndGetAsync(key.Key, key.Next());
                Check(key, before is null ? null : Encoding.UTF8.GetString(before));
                Acknowledge(key);
            }
            catch (RedisException error)
            {
                Count(error);
            }
        }
    }

    /// <summary>On a connection of its own, so that WAIT asks the server that has the write, and stops nobody else.</summary>
    private async Task WriteConfirmedAsync(RedisClient client, WrittenKey[] keys)
    {
        var started = Stopwatch.GetTimestamp();
        for (var count = 0; !_done.IsCancellationRequested;)
        {
            try
            {
                await using var lease = await client.LeaseAsync();
                for (; !_done.IsCancellationRequested; count++)
                {
                    await PaceAsync(started, count);
                    var key = keys[count % keys.Length];
                    var before = await lease.SetAndGetAsync(key.Key, key.Next());
                    Check(key, before is null ? null : Encoding.UTF8.GetString(before));
                    if (await lease.WaitAsync(key.Key, replicas: 1, TimeSpan.FromMilliseconds(500)) >= 1)
                    {
                        Acknowledge(key);
                    }
                    else
                    {
                        Interlocked.Increment(ref _unconfirmed);
                    }
                }
            }
            catch (RedisException error)
            {
                Count(error);
                count++;
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System); // nobody is there to connect to
            }
        }
    }

    private async Task PaceAsync(long started, int count)
    {
        var early = TimeSpan.FromSeconds((double)count * Writers / TargetRate) - Stopwatch.GetElapsedTime(started);
        if (early > TimeSpan.FromMilliseconds(1))
        {
            await Task.Delay(early, TimeProvider.System, _done.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Acknowledge(WrittenKey key)
    {
        key.Acknowledge();
        Interlocked.Increment(ref _acknowledged);
        if (Volatile.Read(ref _recoveredAt) == 0 && _isOnNew() && Interlocked.CompareExchange(ref _recoveredAt, Stopwatch.GetTimestamp(), 0) == 0)
        {
            _recovered.TrySetResult();
        }
    }

    private void Check(WrittenKey key, string? value)
    {
        if (!key.Check(value, out var missing))
        {
            _wrong.Enqueue($"{key.Key} holds {value}");
        }
        else if (missing > 0 && Volatile.Read(ref _disturbedAt) == long.MaxValue)
        {
            _wrong.Enqueue($"{key.Key} misses {missing} acknowledged writes before anything happened");
        }

        Interlocked.Add(ref _missing, missing);
    }

    private void Count(RedisException error)
    {
        var kind = error switch
        {
            RedisConnectionException connection => $"{nameof(RedisConnectionException)} {connection.Delivery}",
            RedisTimeoutException timeout => $"{nameof(RedisTimeoutException)} {timeout.Delivery}",
            RedisServerException server => $"{nameof(RedisServerException)} {server.Code}",
            _ => error.GetType().Name,
        };
        if (_errors.AddOrUpdate(kind, 1, static (_, count) => count + 1) == 1)
        {
            output.WriteLine($"the first {kind}: {error.Message}");
        }

        var isDocumented = error is RedisConnectionException or RedisTimeoutException
            || (error is RedisServerException { Code: var code } && DocumentedCodes.Contains(code, StringComparer.Ordinal));
        if (!isDocumented)
        {
            _wrong.Enqueue($"not documented: {error}");
        }
    }

    private void Report(double rate)
    {
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{rate:0} writes a second before; {_acknowledged} acknowledged, {_unconfirmed} not confirmed in time, {_missing} acknowledged writes missing on the new primary; "
            + $"first write there after {Stopwatch.GetElapsedTime(_disturbedAt, _recoveredAt).TotalSeconds:0.00} s"));
        output.WriteLine($"errors: {string.Join(", ", _errors.Select(static error => string.Create(CultureInfo.InvariantCulture, $"{error.Key}: {error.Value}")))}");
        foreach (var wrong in _wrong.Take(10))
        {
            output.WriteLine(wrong);
        }
    }
}
