using Millrace.Jobs.Stores.Redis;
using Millrace.Jobs.Tests.Stores;
using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Servers;

/// <summary>A worker that waits for work on Redis learns of it whatever happens to its connections and to the server meanwhile. None of these
/// workers looks for work by itself.</summary>
[Trait("req", "J-12"), Collection(HeavyCollection.Name)]
public sealed class WaitingTests
{
    private static readonly string[] Durable = ["--appendonly", "yes", "--appendfsync", "always"];

    [Theory, Trait("peer", "2")]
    [InlineData("pubsub")]
    [InlineData("normal")]
    public async Task A_worker_waits_again_after_its_connections_were_killed_in_a_wait(string connections)
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisClients.ConnectAsync(server.Address);
        await using var store = new RedisJobStore(redis, "jobs", TimeProvider.System);
        await using var engine = await RealEngine.StartAsync(store, static options => options.RunSchedules = false);
        await using var elsewhere = await RedisClients.ConnectAsync(server.Address);
        await using var producer = new RedisJobStore(elsewhere, "jobs", TimeProvider.System);
        for (var kill = 1; kill <= 8; kill++)
        {
            await server.UntilAsleepAsync("jobs");
            await server.CommandAsync("CLIENT", "KILL", "TYPE", connections);

            await producer.StoreAsync(RedisStoreState.Job($"{kill}")); // mostly before the worker listens again

            await engine.ReachesAsync($"{kill}", JobState.Completed);
        }
    }

    [Fact, Trait("peer", "2")]
    public async Task A_worker_goes_on_after_Redis_was_killed_and_restarted_in_its_wait()
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Arguments = Durable });
        await using var redis = await RedisClients.ConnectAsync(server.Address);
        await using var store = new RedisJobStore(redis, "jobs", TimeProvider.System);
        var (running, mayEnd) = (new Gate(), new Gate());
        await using var engine = await RealEngine.StartAsync(store, static options => options.RunSchedules = false, run: async (job, _, stop) =>
        {
            if (job.Name == "long")
            {
                running.Open();
                await mayEnd.WaitAsync(stop);
            }
        });
        await using var elsewhere = await RedisClients.ConnectAsync(server.Address);
        await using var producer = new RedisJobStore(elsewhere, "jobs", TimeProvider.System);
        await producer.StoreAsync(RedisStoreState.Job("long"));
        await running.WaitAsync();
        await producer.StoreAsync(RedisStoreState.Job("delayed", TimeSpan.FromSeconds(3)));
        await server.UntilAsleepAsync("jobs");

        await server.RestartAsync();

        await producer.StoreAsync(RedisStoreState.Job("new"));
        await engine.ReachesAsync("new", JobState.Completed);
        await engine.ReachesAsync("delayed", JobState.Completed);
        mayEnd.Open();
        await engine.ReachesAsync("long", JobState.Completed);
        Assert.Equal(1, (await store.GetAsync("long", TestContext.Current.CancellationToken))!.Attempt);
    }

    [Fact, Trait("peer", "2")]
    public async Task A_worker_goes_on_after_Redis_stood_still_in_its_wait()
    {
        await using var server = await RedisServer.StartAsync();
        var options = RedisOptions.Parse(server.Address);
        (options.CommandTimeout, options.PingInterval, options.MaximumReconnectDelay) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100));
        await using var redis = await RedisClient.ConnectAsync(options, TestContext.Current.CancellationToken);
        await using var store = new RedisJobStore(redis, "jobs", TimeProvider.System);
        await using var engine = await RealEngine.StartAsync(store, static options => options.RunSchedules = false);
        await server.UntilAsleepAsync("jobs");

        await server.PauseAsync();
        for (var silent = 0; silent < 3; silent++) // three seconds: by then the silent connections have been given up
        {
            await Assert.ThrowsAnyAsync<RedisException>(async () => await store.EnqueueAsync([RedisStoreState.Job("a")], 1_000, TestContext.Current.CancellationToken));
        }

        await server.ResumeAsync();

        await store.StoreAsync(RedisStoreState.Job("a"));
        await engine.ReachesAsync("a", JobState.Completed);
    }

    [Fact, Trait("peer", "3")]
    public async Task Jobs_that_are_due_in_a_moment_run_in_a_moment()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisClients.ConnectAsync(server.Address);
        await using var store = new RedisJobStore(redis, "jobs", TimeProvider.System);
        await using var engine = await RealEngine.StartAsync(store, static options => options.RunSchedules = false);
        for (var i = 0; i < 100; i++)
        {
            var delay = TimeSpan.FromTicks(i * 1_000); // from nothing to 10 ms, in tenths of one

            await store.StoreAsync(RedisStoreState.Job($"{i}", delay));

            await engine.ReachesAsync($"{i}", JobState.Completed);
        }
    }
}
