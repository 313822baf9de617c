using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs.Stores.Redis;
using Millrace.Jobs.Tests.Stores;
using Millrace.Redis;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Servers;

/// <summary>Enqueues that are acknowledged only when a replica has the job.</summary>
[Trait("req", "J-12"), Collection(HeavyCollection.Name)]
public sealed class ReplicaTests : IAsyncLifetime
{
    private RedisServer _primary = null!;
    private RedisServer _replica = null!;
    private RedisClient _redis = null!;
    private RedisJobStore _store = null!;

    private static JobRetention Keep => new(TimeSpan.FromDays(1), 1_000);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _primary = await RedisServer.StartAsync();
        _replica = await RedisServer.StartAsync(new RedisServerSetup { ReplicaOf = _primary.Port });
        await Poll.UntilAsync(
            async () => (await _primary.InfoAsync("replication"))["connected_slaves"] == "1" && (await _replica.InfoAsync("replication"))["master_link_status"] == "up" ? null : "it is not there",
            "the replica follows");
        _redis = await RedisClients.ConnectAsync(_primary.Address);
        _store = new RedisJobStore(_redis, "jobs", TimeProvider.System, wish: new ReplicaWish(1, TimeSpan.FromMilliseconds(300)));
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _redis.DisposeAsync();
        await _replica.DisposeAsync();
        await _primary.DisposeAsync();
    }

    [Fact, Trait("peer", "13")]
    public async Task An_enqueue_that_was_acknowledged_survives_the_loss_of_the_primary()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(n => _store.EnqueueAsync([RedisStoreState.Job($"job-{n:000}")], 1_000, Token).AsTask()));
        await _primary.KillAsync();

        await _replica.CommandAsync("REPLICAOF", "NO", "ONE");
        await using var client = await RedisClients.ConnectAsync(_replica.Address);
        await using var store = new RedisJobStore(client, "jobs", TimeProvider.System);
        Assert.Equal(200, Assert.Single(await store.GetQueuesAsync(Token)).Waiting);
    }

    [Fact, Trait("peer", "13")]
    public async Task An_enqueue_that_no_replica_has_confirmed_says_so_and_the_same_again_is_confirmed_and_stored_once()
    {
        await _replica.PauseAsync();
        var (one, two) = (RedisStoreState.Job("one"), RedisStoreState.Job("two"));
        var error = await Assert.ThrowsAsync<JobNotReplicatedException>(async () => await _store.EnqueueAsync([one, two], 10, Token));
        Assert.Equal(["one", "two"], error.Ids);
        Assert.Equal(0, error.Confirmed);
        Assert.Contains("0 of 1 replicas", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, Assert.Single(await _store.GetQueuesAsync(Token)).Waiting);
        await Assert.ThrowsAsync<JobNotReplicatedException>(async () => await _store.EnqueueAsync([one, two], 10, Token)); // stored before, and still only here
        Assert.Equal("default", (await _store.EnqueueAsync([RedisStoreState.Job("three")], 2, Token)).FullQueue); // nothing that a replica could confirm

        await _replica.ResumeAsync();
        await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    return (await _store.EnqueueAsync([one, two], 10, Token)).Existing is ["one", "two"] ? null : "they were stored again";
                }
                catch (JobNotReplicatedException still)
                {
                    return still.Message;
                }
            },
            "the replica confirms");
        Assert.Equal(2, Assert.Single(await _store.GetQueuesAsync(Token)).Waiting);
    }

    [Fact, Trait("req", "J-10")]
    public async Task A_flow_over_queues_is_acknowledged_when_a_replica_has_it()
    {
        NewJob[] flow = [RedisStoreState.Job("first", queue: "a"), After("second", "b")];
        await _replica.PauseAsync();
        Assert.Equal(["first", "second"], (await Assert.ThrowsAsync<JobNotReplicatedException>(async () => await _store.EnqueueFlowAsync(flow, 10, Token))).Ids);
        NewJob[] here = [RedisStoreState.Job("third", queue: "a"), After("fourth", "a")];
        Assert.Equal(["third", "fourth"], (await Assert.ThrowsAsync<JobNotReplicatedException>(async () => await _store.EnqueueFlowAsync(here, 10, Token))).Ids);

        await SweepAsync(); // has done all else, and leaves the message where it is
        Assert.Equal(1, await MessagesAsync());

        await _replica.ResumeAsync();
        await Poll.UntilAsync(
            async () =>
            {
                await SweepAsync();
                return await MessagesAsync() == 0 ? null : "the message is still there";
            },
            "the flow is delivered and confirmed");
        Assert.NotNull(await _store.GetAsync("second", Token));
        Assert.Equal(JobState.Waiting, (await _store.GetAsync("first", Token))!.State);
    }

    [Fact]
    public void Options_out_of_range_are_refused_and_one_is_told_what_is_in_it()
    {
        var jobs = new ServiceCollection().AddMillraceJobs();
        Assert.Throws<ArgumentOutOfRangeException>(() => jobs.UseRedis("localhost", static options => options.Replicas = 11));
        Assert.Throws<ArgumentOutOfRangeException>(() => jobs.UseRedis("localhost", static options => options.ReplicaTimeout = TimeSpan.Zero));
        Assert.Contains("braces", Assert.Throws<ArgumentException>(() => jobs.UseRedis("localhost", static options => options.KeyPrefix = "a{b}")).Message, StringComparison.Ordinal);
    }

    private static NewJob After(string id, string queue) => new()
    {
        Id = id,
        Queue = queue,
        Type = "work",
        Payload = "{}"u8.ToArray(),
        MaxAttempts = 3,
        After = [new JobAddress("a", id == "second" ? "first" : "third")],
    };

    private async Task SweepAsync() => await _store.SweepAsync(new SweepRequest { Completed = Keep, Cancelled = Keep, Dead = Keep }, Token);

    private async Task<long> MessagesAsync() => (await _primary.CommandAsync("LLEN", "jobs:{q:a}:outbox")).Number;
}
