using Millrace.Caching.Limiting;
using Millrace.Caching.Sharing;
using Millrace.Caching.Tests.Sharing;
using Millrace.Redis;

namespace Millrace.Caching.Tests.Limiting;

/// <summary>The scripts against the arithmetic that they follow, step by step, with the server's clock replaced by a chosen one.</summary>
public sealed class LimitScriptTests(SharedServers servers)
{
    private const long Hour = 3_600_000_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, int> Rows
    {
        get
        {
            var rows = new TheoryData<string, string, int>();
            foreach (var server in SharedServers.Servers)
            {
                foreach (var seed in new[] { 1, 2, 3 })
                {
                    rows.Add(server.Data, "SlidingWindow", seed);
                    rows.Add(server.Data, "TokenBucket", seed);
                }
            }

            return rows;
        }
    }

    [Theory, Trait("req", "C-21")]
    [MemberData(nameof(Rows))]
    public async Task Script_and_memory_decide_alike(string server, string name, int seed)
    {
        await using var client = await servers.ConnectAsync(server);
        var source = Scripts.Load("Limiting", name, keyCount: 1).Source;
        Assert.Contains("redis.call('TIME')", source, StringComparison.Ordinal);
        var script = new RedisScript(source.Replace("redis.call('TIME')", "{ ARGV[4], ARGV[5] }", StringComparison.Ordinal), keyCount: 1);
        var limit = name == "TokenBucket" ? RateLimit.TokenBucket(30, 20, TimeSpan.FromHours(1)) : RateLimit.SlidingWindow(30, TimeSpan.FromHours(1));
        var (random, state, key) = (new Random(seed), new LimitState(), SharedServers.Prefix() + name);
        var now = 1_767_225_600_000_000L;
        for (var step = 0; step < 400; step++)
        {
            now += random.Next(20) switch
            {
                0 => -random.NextInt64(Hour / 2), // set back
                1 => random.NextInt64(3 * Hour),
                _ => random.NextInt64(Hour / 30),
            };
            var permits = random.Next(0, 9);
            var expected = state.Acquire(limit, permits, now);
            var actual = await client.EvaluateAsync(
                script, [key], [permits, limit.PermitLimit, limit.IntervalMicroseconds, now / 1_000_000, now % 1_000_000], Token);
            var wait = TimeSpan.FromMilliseconds((actual[2].AsInt64() + 999) / 1000);

            Assert.Equal(
                (step, expected.IsAcquired, expected.Remaining, expected.RetryAfter), (step, actual[0].AsBoolean(), (int)actual[1].AsInt64(), wait));
        }
    }
}
