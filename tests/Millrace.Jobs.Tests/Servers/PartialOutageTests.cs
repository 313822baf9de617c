using System.Diagnostics;
using Millrace.Jobs.Stores.Redis;
using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Servers;

/// <summary>The engine on a cluster of which one primary stands still, and its replica with it: the queues of the others are served on.</summary>
[Trait("req", "J-12"), Trait("peer", "12"), Collection(HeavyCollection.Name)]
public sealed class PartialOutageTests
{
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Queues_of_other_servers_are_served_while_one_is_away_and_its_own_go_on_when_it_is_back(bool namesAway)
    {
        await using var cluster = await RedisCluster.StartAsync("--cluster-require-full-coverage", "no");
        var (here, gone, prefix) = await PlaceAsync(cluster, namesAway);
        var options = RedisOptions.Parse(string.Join(',', cluster.Nodes.Select(static node => node.Address)));
        (options.Topology, options.CommandTimeout, options.PingInterval) = (RedisTopology.Cluster, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        await using var redis = await RedisClient.ConnectAsync(options, Token);
        await using var store = new RedisJobStore(redis, prefix, TimeProvider.System);
        var (running, mayEnd) = (new Gate(), new Gate());
        await using var engine = await RealEngine.StartAsync(
            store,
            static options => options.Lease = TimeSpan.FromMinutes(2),
            jobs => jobs.AddQueue(here).AddQueue(gone).AddSchedule("every-second", "* * * * * *", new Work("tick"), configure: options => options.Queue(here).Tag("tick")),
            async (job, _, stop) =>
            {
                if (job.Name == "held")
                {
                    running.Open();
                    await mayEnd.WaitAsync(stop);
                }
            });
        await store.StoreAsync(RedisStoreState.Job("held", queue: gone));
        await running.WaitAsync();
        var owner = await cluster.PrimaryOfAsync(await cluster.SlotOfAsync($"{prefix}:{{q:{gone}}}:jobs"));
        ClusterNode[] away = [owner, .. await cluster.ReplicasOfAsync(owner)];
        foreach (var node in away)
        {
            await node.Server.PauseAsync();
        }

        await ServeAsync("first"); // somebody has to find out
        await Turn.UntilAsync(() => engine.Logs.Count(2014) == 1);
        mayEnd.Open(); // an end that cannot be handed over
        var slowest = TimeSpan.Zero;
        for (var i = 0; i < 30; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await ServeAsync($"here-{i}");
            slowest = Stopwatch.GetElapsedTime(began) > slowest ? Stopwatch.GetElapsedTime(began) : slowest;
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Token);
        }

        Assert.True(slowest < Prompt, $"A job of a queue that is there took {slowest}.");
        var ticks = engine.Changes.Changes.Count(static change => change.State == JobState.Completed && change.Tags.Contains("tick"));
        await Turn.UntilAsync(() => engine.Changes.Changes.Count(static change => change.State == JobState.Completed && change.Tags.Contains("tick")) > ticks + 1);
        Assert.Equal((1, 0), (engine.Logs.Count(2014), engine.Logs.Count(2015)));

        foreach (var node in away)
        {
            await node.Server.ResumeAsync();
        }

        await engine.ReachesAsync("held", JobState.Completed);
        await store.StoreAsync(RedisStoreState.Job("later", queue: gone));
        await engine.ReachesAsync("later", JobState.Completed);
        Assert.Equal(1, (await store.GetAsync("held", Token))!.Attempt);
        await Turn.UntilAsync(() => engine.Logs.Count(2015) == 1);

        async Task ServeAsync(string id)
        {
            await store.StoreAsync(RedisStoreState.Job(id, queue: here));
            await engine.ReachesAsync(id, JobState.Completed);
        }
    }

    /// <summary>Two queues on different servers, and a prefix whose set of names lies with the second, or not.</summary>
    private static async Task<(string Here, string Gone, string Prefix)> PlaceAsync(RedisCluster cluster, bool namesAway)
    {
        async Task<ClusterNode> OwnerAsync(string key) => await cluster.PrimaryOfAsync(await cluster.SlotOfAsync(key));
        var gone = await OwnerAsync("{q:gone}");
        var here = 0;
        while (await OwnerAsync($"{{q:here{here}}}") == gone)
        {
            here++;
        }

        var prefix = 0;
        while (await OwnerAsync($"jobs{prefix}:queues") == gone != namesAway)
        {
            prefix++;
        }

        return ($"here{here}", "gone", $"jobs{prefix}");
    }
}
