using System.Threading.RateLimiting;
using Millrace.Caching.Tests.Sharing;
using Millrace.Redis;

namespace Millrace.Caching.Tests.Limiting;

/// <summary>What rate limiters do, in memory and on every server: one suite.</summary>
public sealed class RateLimitersTests(SharedServers servers) : IAsyncDisposable
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private readonly List<RedisClient> _clients = [];
    private readonly string _prefix = SharedServers.Prefix();

    public static TheoryData<string> Stores => SharedServers.Stores;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }
    }

    [Theory, Trait("req", "C-21")]
    [MemberData(nameof(Stores))]
    public async Task Each_kind_of_limit_grants_what_it_has_and_then_says_when_to_come_again(string store)
    {
        var limiters = await On(store);
        foreach (var (limit, latest) in new[]
        {
            (RateLimit.FixedWindow(5, Day), Day),
            (RateLimit.SlidingWindow(5, Day), 2 * Day),
            (RateLimit.TokenBucket(5, 1, Day), Day),
        })
        {
            for (var left = 4; left >= 0; left--)
            {
                using var granted = await limiters.AcquireAsync("r", limit, cancellationToken: Token);
                Assert.True(granted.IsAcquired);
                Assert.True(granted.TryGetMetadata(SharedRateLimiters.RemainingPermits, out var remaining));
                Assert.Equal(left, remaining);
                Assert.False(granted.TryGetMetadata(MetadataName.RetryAfter, out _));
            }

            using var refused = await limiters.AcquireAsync("r", limit, cancellationToken: Token);
            Assert.False(refused.IsAcquired);
            Assert.True(refused.TryGetMetadata(MetadataName.RetryAfter, out var after));
            Assert.InRange(after, TimeSpan.FromTicks(1), latest);
            Assert.False(refused.TryGetMetadata(MetadataName.ReasonPhrase, out _)); // not decided alone
            Assert.True((await limiters.AcquireAsync("another", limit, cancellationToken: Token)).IsAcquired);
        }
    }

    [Theory, Trait("req", "C-21")]
    [MemberData(nameof(Stores))]
    public async Task Several_permits_go_together_or_not_at_all_and_none_is_a_look(string store)
    {
        var limiters = await On(store);
        foreach (var limit in new[] { RateLimit.FixedWindow(10, Day), RateLimit.SlidingWindow(10, Day), RateLimit.TokenBucket(10, 1, Day) })
        {
            Assert.Equal((true, 10), await Ask(0));
            Assert.Equal((true, 3), await Ask(7));
            Assert.Equal((false, 3), await Ask(4));
            Assert.Equal((true, 0), await Ask(3));
            Assert.Equal((false, 0), await Ask(0));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await limiters.AcquireAsync("r", limit, 11, Token));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await limiters.AcquireAsync("r", limit, -1, Token));

            async Task<(bool, int)> Ask(int permits)
            {
                using var lease = await limiters.AcquireAsync("r", limit, permits, Token);
                Assert.True(lease.TryGetMetadata(SharedRateLimiters.RemainingPermits, out var remaining));
                return (lease.IsAcquired, remaining);
            }
        }
    }

    [Theory, Trait("req", "C-21")]
    [MemberData(nameof(Stores))]
    public async Task Permits_come_back_with_time(string store)
    {
        var limiters = await On(store);
        var window = TimeSpan.FromMilliseconds(80);
        foreach (var limit in new[] { RateLimit.FixedWindow(2, window), RateLimit.SlidingWindow(2, window), RateLimit.TokenBucket(2, 2, window) })
        {
            for (var round = 0; round < 3; round++)
            {
                await TestKit.Poll.UntilAsync(
                    async () => (await limiters.AcquireAsync("r", limit, 2, Token)).IsAcquired ? null : "refused", $"{limit} grants again");
            }
        }
    }

    /// <summary>The promise of each kind, kept by all nodes together: windows and buckets of a day, which no test outlasts.</summary>
    [Theory, Trait("req", "C-21")]
    [MemberData(nameof(Stores))]
    public async Task Many_tasks_on_several_nodes_get_the_limit_together_and_no_more(string store)
    {
        var nodes = await On(store, nodes: 3);
        foreach (var limit in new[] { RateLimit.FixedWindow(100, Day), RateLimit.SlidingWindow(100, Day), RateLimit.TokenBucket(100, 1, Day) })
        {
            var granted = 0;
            await Task.WhenAll(Enumerable.Range(0, 12).Select(async task =>
            {
                var random = new Random(7 + task);
                for (var i = 0; i < 25; i++)
                {
                    var permits = random.Next(1, 4);
                    using var lease = await nodes[random.Next(nodes.Length)].AcquireAsync("shared", limit, permits, Token);
                    Interlocked.Add(ref granted, lease.IsAcquired ? permits : 0);
                }
            }));

            Assert.InRange(granted, 99, 100); // 99 only where a sliding window's day ends meanwhile
        }
    }

    [Theory, Trait("req", "C-21")]
    [MemberData(nameof(Stores))]
    public async Task What_comes_from_outside_may_be_any_text(string store)
    {
        var limiters = await On(store);
        var limit = RateLimit.FixedWindow(1, Day);
        foreach (var resource in new[] { "", "a}b{c", "\0\r\n", "\uD83D", new string('x', 100_000) })
        {
            Assert.True((await limiters.AcquireAsync(resource, limit, cancellationToken: Token)).IsAcquired);
            Assert.False((await limiters.AcquireAsync(resource, limit, cancellationToken: Token)).IsAcquired);
        }
    }

    [Theory, Trait("req", "C-21")]
    [MemberData(nameof(Stores))]
    public async Task It_serves_as_NET_s_own_limiter(string store)
    {
        var limiters = await On(store);
        var limit = RateLimit.FixedWindow(2, Day);
        await using var partitioned = PartitionedRateLimiter.Create<string, string>(user => limiters.Partition($"api:{user}", limit));
        await using var one = limiters.Create("api:ann", limit);

        Assert.False(one.AttemptAcquire().IsAcquired); // memory cannot know
        Assert.True((await partitioned.AcquireAsync("ann", 1, Token)).IsAcquired);
        Assert.True((await one.AcquireAsync(1, Token)).IsAcquired);
        Assert.False((await partitioned.AcquireAsync("ann", 1, Token)).IsAcquired);
        Assert.True((await partitioned.AcquireAsync("bob", 1, Token)).IsAcquired);
        Assert.Equal((1, 0, 0), (one.GetStatistics()!.TotalSuccessfulLeases, one.GetStatistics()!.TotalFailedLeases, one.GetStatistics()!.CurrentAvailablePermits));
        Assert.NotNull(one.IdleDuration); // so that .NET drops it when nobody uses it
    }

    private async Task<SharedRateLimiters> On(string store) => (await On(store, nodes: 1))[0];

    private async Task<SharedRateLimiters[]> On(string store, int nodes)
    {
        if (store == SharedServers.Memory)
        {
            var shared = SharedRateLimiters.InMemory();
            return [.. Enumerable.Repeat(shared, nodes)];
        }

        while (_clients.Count < nodes)
        {
            _clients.Add(await servers.ConnectAsync(store));
        }

        var patient = new SharedRateLimiterOptions { Timeout = TimeSpan.FromSeconds(30) };
        return [.. _clients.Select(client => SharedRateLimiters.InRedis(client, patient, _prefix))];
    }
}
