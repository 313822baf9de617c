using Millrace.Caching.Tests.Remote;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests;

/// <summary>How long sources and the second level took.</summary>
[Trait("req", "C-24")]
public sealed class LatencyTests
{
    private static readonly CachePolicy Policy = new() { Expiration = TimeSpan.FromMinutes(5) };

    [Fact]
    public async Task A_source_that_is_waited_for_is_timed_under_its_key_pattern()
    {
        var clock = new FakeClock();
        using var cache = Caches.With(clock: clock);
        var answers = new TaskCompletionSource<string>[] { new(), new(), new() };
        var reads = answers.Select((answer, i) => cache.GetOrCreateAsync($"user:{i}", _ => new ValueTask<string>(answer.Task), Policy).AsTask()).ToArray();
        clock.Advance(TimeSpan.FromMilliseconds(300));
        answers[0].SetResult("a");
        answers[1].SetException(new IOException());
        clock.Advance(TimeSpan.FromSeconds(60));
        answers[2].SetResult("c");
        await Assert.ThrowsAsync<IOException>(() => reads[1]);
        await Task.WhenAll(reads[0], reads[2]).WaitAsync(Caches.Guard);

        var statistics = cache.GetStatistics();
        var latency = Assert.Single(statistics.Latencies);
        Assert.Equal(("source", "read", 3), (latency.Layer, latency.Operation, latency.Count));
        Assert.Equal(60.9, latency.SumSeconds, 3);
        Assert.Equal(2, latency.Buckets[CacheLatency.Bounds.ToList().IndexOf(0.5)]);
        Assert.Equal(1, latency.Buckets[^1]);
        Assert.Equal(30, latency.P95Seconds);
        Assert.Equal(3, Assert.Single(statistics.Patterns).SourceLatency.Count);
        Assert.Equal(0, statistics.Patterns[0].RemoteLatency.Count);
    }

    [Fact]
    public async Task A_source_that_answers_at_once_is_timed_only_if_time_has_passed()
    {
        var clock = new FakeClock();
        using var cache = Caches.With(clock: clock);
        await cache.GetOrCreateAsync("user:1", static _ => ValueTask.FromResult(1), Policy);
        Assert.Equal(0, cache.GetStatistics().Latencies[0].Count);

        await cache.GetOrCreateAsync("user:2", clock, static (clock, _) =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(40));
            return ValueTask.FromResult(1);
        }, Policy);
        var latency = cache.GetStatistics().Latencies[0];
        Assert.Equal((1, 0.04), (latency.Count, latency.SumSeconds));
    }

    [Fact]
    public async Task Of_a_batch_each_key_counts()
    {
        var clock = new FakeClock();
        using var cache = Caches.With(clock: clock);
        await cache.GetOrCreateManyAsync<FakeClock, string>(["user:1", "user:2", "task:1"], clock, static async (clock, keys, _) =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(7));
            await Task.Yield();
            return keys.ToDictionary(static key => key, static key => key);
        }, Policy);

        var statistics = cache.GetStatistics();
        Assert.Equal([("task:{}", 1L), ("user:{}", 2L)], statistics.Patterns.Select(static p => (p.Pattern, p.SourceLatency.Count)).Order());
        Assert.Equal(3, statistics.Latencies[0].Buckets[CacheLatency.Bounds.ToList().IndexOf(0.01)]);
    }

    [Fact]
    public void What_95_of_100_did_not_exceed_is_estimated_within_its_bucket()
    {
        var buckets = new long[CacheLatency.Bounds.Count + 1];
        Assert.Null(new CacheLatency("l2", "read", 0, 0, buckets).P95Seconds);
        buckets[4] = 90; // up to 2.5 ms
        buckets[5] = 10; // up to 5 ms
        Assert.Equal(0.00375, new CacheLatency("l2", "read", 100, 0.2, buckets).P95Seconds!.Value, 9);
    }

    [Fact, Trait("req", "C-09")]
    public async Task The_second_level_is_timed_while_it_answers_and_its_errors_are_counted()
    {
        await using var server = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(server.Address);
        await using var b = await Node.StartAsync(server.Address);
        await a.SetAsync("user:1", "one", Policy, cancellationToken: Node.Token);
        Assert.Equal("one", await b.FindAsync("user:1"));
        Assert.Equal("SOURCE", await b.FindAsync("user:2"));
        await b.RemoveAsync("user:1", Node.Token);
        await b.RemoveByTagAsync("t", Node.Token);

        var statistics = b.GetStatistics();
        Assert.Equal(["l2 read", "l2 write", "l2 invalidate", "source read"], statistics.Latencies.Select(static l => $"{l.Layer} {l.Operation}"));
        Assert.Equal([2, 1, 2, 1], statistics.Latencies.Select(static l => l.Count));
        Assert.All(statistics.Latencies, static l => Assert.InRange(l.SumSeconds, double.Epsilon, 60));
        Assert.Equal(2, statistics.Patterns.Single(static p => p.Pattern == "user:{}").RemoteLatency.Count);
        Assert.Equal((0, 1), (statistics.RemoteErrors, a.GetStatistics().Latencies[1].Count));

        await server.KillAsync();
        await Poll.UntilAsync(() => Task.FromResult(b.IsSharing ? "it is" : null), "the second level is away");
        Assert.Equal("SOURCE", await b.FindAsync("user:3"));
        Assert.Equal(2, b.GetStatistics().Latencies[0].Count);
    }

    [Fact, Trait("req", "C-09")]
    public async Task A_server_that_does_not_answer_in_time_is_an_error()
    {
        await using var server = await RedisServer.StartAsync();
        await using var node = await Node.StartAsync(server.Address, static o => o.Redis.Timeout = TimeSpan.FromMilliseconds(200));
        await server.PauseAsync();
        try
        {
            Assert.Equal("SOURCE", await node.FindAsync("user:1"));
            Assert.True(node.GetStatistics().RemoteErrors > 0);
            Assert.Equal(0, node.GetStatistics().Latencies[0].Count);
        }
        finally
        {
            await server.ResumeAsync();
        }
    }
}
