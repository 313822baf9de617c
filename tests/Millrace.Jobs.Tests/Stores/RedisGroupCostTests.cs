using System.Globalization;
using System.Text.RegularExpressions;
using Millrace.Jobs.Stores.Redis;

namespace Millrace.Jobs.Tests.Stores;

/// <summary>What groups cost on Redis, counted in commands.</summary>
[Trait("req", "J-11")]
public sealed partial class RedisGroupCostTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    [Fact]
    public async Task A_claim_runs_as_many_commands_however_many_jobs_a_full_group_has()
    {
        Assert.Equal(await CountAsync(10), await CountAsync(20_000));
    }

    [Fact]
    public async Task A_queue_that_never_had_a_group_has_none_of_their_keys_and_a_claim_asks_for_none()
    {
        var prefix = $"t{Guid.NewGuid():N}";
        await using var store = new RedisJobStore(redis.Client, prefix, TimeProvider.System);
        await EnqueueAsync(store, null, 100);
        var before = await CallsAsync();
        var claimed = await ClaimAsync(store, most: null);
        Assert.Equal(5, claimed.Count);
        var counted = await CallsAsync();

        Assert.Equal(0, counted.GetValueOrDefault("zrangebylex") - before.GetValueOrDefault("zrangebylex"));
        Assert.Equal(0, counted.GetValueOrDefault("zscore") - before.GetValueOrDefault("zscore"));
        Assert.Empty(await GroupKeys.ReadAsync(redis.Client, prefix));
        Assert.Null((await redis.Server.CommandAsync("HGET", $"{prefix}:{{q:default}}:meta", "grouped")).Text);
    }

    private async Task<long> CountAsync(int parked)
    {
        await using var store = new RedisJobStore(redis.Client, $"t{Guid.NewGuid():N}", TimeProvider.System);
        for (var left = parked; left > 0; left -= 1_000)
        {
            await EnqueueAsync(store, "full", Math.Min(left, 1_000));
        }

        Assert.Single(await ClaimAsync(store, most: 1));
        await EnqueueAsync(store, "b", 50);
        Assert.Single(await ClaimAsync(store, most: 1));
        var before = await CallsAsync();
        for (var i = 0; i < 20; i++)
        {
            Assert.Empty(await ClaimAsync(store, most: 1));
        }

        return (await CallsAsync()).Values.Sum() - before.Values.Sum();
    }

    private static async Task EnqueueAsync(RedisJobStore store, string? group, int count) => await store.EnqueueAsync(
        [.. Enumerable.Range(0, count).Select(_ => new NewJob { Id = Guid.NewGuid().ToString("N"), Queue = "default", Type = "work", Payload = "1"u8.ToArray(), Group = group })], 1_000_000, TestContext.Current.CancellationToken);

    private static async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(RedisJobStore store, int? most) => (await store.ClaimAsync(
        new ClaimRequest { Worker = new("w", "host", 1, ["default"]), Lease = TimeSpan.FromMinutes(1), Queues = [new("default", 5) { GroupMaximumRunning = most }] }, TestContext.Current.CancellationToken)).Jobs;

    /// <summary>How often each command was called, within scripts too.</summary>
    private async Task<Dictionary<string, long>> CallsAsync() => Calls().Matches((await redis.Server.CommandAsync("INFO", "commandstats")).Text!)
        .Where(static match => match.Groups["name"].Value is not ("info" or "ping" or "publish"))
        .ToDictionary(static match => match.Groups["name"].Value, static match => long.Parse(match.Groups["calls"].ValueSpan, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"cmdstat_(?<name>\S+):calls=(?<calls>\d+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Calls();
}
