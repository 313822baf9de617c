using Millrace.Jobs.Stores.Redis;
using Millrace.Jobs.Tests.Stores;
using Millrace.Redis;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Servers;

/// <summary>The engine on a primary that Sentinels watch and replace.</summary>
[Trait("req", "J-12"), Collection(HeavyCollection.Name)]
public sealed class SentinelTests : IAsyncLifetime
{
    private SentinelGroup _group = null!;
    private RedisClient _redis = null!;
    private RedisJobStore _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _group = await SentinelGroup.StartAsync();
        _redis = await RedisClients.ConnectAsync(_group);
        _store = new RedisJobStore(_redis, "jobs", TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _redis.DisposeAsync();
        await _group.DisposeAsync();
    }

    [Fact]
    public async Task Jobs_are_enqueued_run_retried_and_scheduled_through_Sentinel()
    {
        await using var engine = await RealEngine.StartAsync(
            _store,
            configure: static jobs => jobs.AddSchedule("every-second", "* * * * * *", new Work("tick"), configure: static options => options.Tag("tick")),
            run: static (job, context, _) => job.Name == "fails at first" && context.Attempt == 1 ? throw new InvalidOperationException("at first") : Task.CompletedTask);

        var plain = await engine.Client.EnqueueAsync(new Work("plain"));
        var failing = await engine.Client.EnqueueAsync(new Work("fails at first"));
        var later = await engine.Client.EnqueueAsync(new Work("later"), static options => options.Delay(TimeSpan.FromSeconds(1)));
        var many = await engine.Client.EnqueueManyAsync([.. Enumerable.Range(0, 200).Select(static n => new Work($"{n}"))]);

        foreach (var id in (string[])[plain, failing, later, .. many])
        {
            await engine.ReachesAsync(id, JobState.Completed);
        }

        Assert.Equal(2, (await engine.Client.GetAsync(failing))!.Attempt);
        await engine.Changes.WaitForAsync(static change => change.State == JobState.Completed && change.Tags.Contains("tick"));
        Assert.NotNull(Assert.Single(await engine.Client.GetSchedulesAsync()).LastAt);
    }

    [Fact, Trait("peer", "2")]
    public async Task A_worker_takes_up_work_after_the_primary_was_switched_in_its_wait()
    {
        await using var engine = await RealEngine.StartAsync(_store, static options => options.RunSchedules = false);
        await (await _group.CurrentPrimaryAsync()).UntilAsleepAsync("jobs");

        await _group.FailOverAsync(); // nothing is lost: the old primary hands over
        var id = await engine.Client.EnqueueAsync(new Work("a"));
        await engine.ReachesAsync(id, JobState.Completed);

        // And once more, by another process, whose enqueue this one learns of only if it listens to the new primary.
        await (await _group.CurrentPrimaryAsync()).UntilAsleepAsync("jobs");
        await using var other = await RedisClients.ConnectAsync(_group);
        await using var store = new RedisJobStore(other, "jobs", TimeProvider.System);
        await store.StoreAsync(RedisStoreState.Job("b"));
        await engine.ReachesAsync("b", JobState.Completed);
    }

    [Fact, Trait("peer", "2")]
    public async Task A_worker_takes_up_work_after_the_primary_was_killed_in_its_wait()
    {
        await using var engine = await RealEngine.StartAsync(_store, static options => options.RunSchedules = false);
        await (await _group.CurrentPrimaryAsync()).UntilAsleepAsync("jobs");

        var old = await _group.KillPrimaryAsync();
        var enqueue = engine.Client.EnqueueAsync(new Work("a")).AsTask(); // waits for the new primary
        await _group.WaitForFailOverAsync(old);

        await engine.ReachesAsync(await enqueue.WaitAsync(Engine.Guard, Token), JobState.Completed);
    }

    /// <summary>The replicas stand still while a job is claimed, so the new primary has never heard of the claim: the worst that a failover does.</summary>
    [Fact, Trait("peer", "13")]
    public async Task A_claim_that_no_replica_had_is_told_apart_from_the_one_after_the_failover()
    {
        var primary = await _group.CurrentPrimaryAsync();
        var replicas = _group.Servers.Where(server => server != primary).ToList();
        await _store.EnqueueAsync([RedisStoreState.Job("first"), RedisStoreState.Job("second")], 1_000, Token);
        await ClaimOneAsync("early"); // so that the replicas know a token
        foreach (var replica in replicas)
        {
            await Poll.UntilAsync(async () => (await replica.CommandAsync("HGET", "jobs:{q:default}:meta", "token")).Text is null ? "it does not" : null, "a replica knows the first token");
            await replica.PauseAsync();
        }

        await primary.CommandAsync("CLIENT", "KILL", "TYPE", "replica"); // nothing waits for them in a socket
        var lost = await ClaimOneAsync("before");
        await primary.KillAsync();
        foreach (var replica in replicas)
        {
            await replica.ResumeAsync();
        }

        await _group.WaitForFailOverAsync(primary);
        var current = await ClaimOneAsync("after");

        Assert.Equal(("second", "second"), (lost.Id, current.Id)); // two believe to have it: what asynchronous copies cannot prevent
        Assert.True(current.Token > lost.Token, $"{current.Token} is not above {lost.Token}"); // and what the token tells apart
        Assert.Equal(FinishStatus.Stale, await FinishAsync(lost));
        Assert.Equal(FinishStatus.Applied, await FinishAsync(current));
    }

    private async Task<ClaimedJob> ClaimOneAsync(string worker)
    {
        var request = new ClaimRequest { Worker = new(worker, "host", 1, ["default"]), Lease = TimeSpan.FromMinutes(5), Queues = [new("default", 1)], MaximumJobs = 1 };
        return Assert.Single((await _store.ClaimAsync(request, Token)).Jobs);
    }

    private async Task<FinishStatus> FinishAsync(ClaimedJob job) =>
        Assert.Single(await _store.FinishAsync([new JobFinish { Run = new(job.Queue, job.Id, job.Token), Kind = FinishKind.Completed }], Token)).Status;
}
