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
        await _store.EnqueueAsync([RedisStoreState.Job("first"), RedisStoreState.Job("second")], 1_000, Token);
        await ClaimOneAsync("early"); // so that the replicas know a token
        var (primary, replicas) = await LetReplicasLagAsync();
        var lost = await ClaimOneAsync("before");
        await FailOverToLaggingAsync(primary, replicas);
        var current = await ClaimOneAsync("after");

        Assert.Equal(("second", "second"), (lost.Id, current.Id)); // two believe to have it: what asynchronous copies cannot prevent
        Assert.True(current.Token > lost.Token, $"{current.Token} is not above {lost.Token}"); // and what the token tells apart
        Assert.Equal(FinishStatus.Stale, await FinishAsync(lost));
        Assert.Equal(FinishStatus.Applied, await FinishAsync(current));
    }

    /// <summary>What asynchronous copies cannot prevent; and what a caller does about it, as the guide says.</summary>
    [Fact, Trait("peer", "13")]
    public async Task An_acknowledged_enqueue_that_no_replica_had_is_lost_in_a_failover_and_the_same_enqueue_again_brings_it_back_once()
    {
        await using var engine = await RealEngine.StartAsync(_store, static options => (options.RunSchedules, options.Lease) = (false, TimeSpan.FromSeconds(3)), run: static (_, _, _) => Task.CompletedTask);
        await engine.Client.PauseQueueAsync("default", Token);
        await _store.EnqueueAsync([RedisStoreState.Job("had")], 1_000, Token);
        var (primary, replicas) = await LetReplicasLagAsync("jobs:{q:default}:jobs", "had");
        Assert.Empty((await _store.EnqueueAsync([RedisStoreState.Job("lost")], 1_000, Token)).Existing);

        await FailOverToLaggingAsync(primary, replicas);

        Assert.Null(await _store.GetAsync("lost", Token));
        Assert.Equal(["had"], (await _store.EnqueueAsync([RedisStoreState.Job("had"), RedisStoreState.Job("lost")], 1_000, Token)).Existing);
        await engine.Client.ResumeQueueAsync("default", Token);
        await engine.ReachesAsync("had", JobState.Completed);
        await engine.ReachesAsync("lost", JobState.Completed);
        Assert.Equal((1, 1), ((await _store.GetAsync("had", Token))!.Attempt, (await _store.GetAsync("lost", Token))!.Attempt));
    }

    /// <summary>What WAIT would tell too late, after the job was stored, the server refuses beforehand.</summary>
    [Fact, Trait("peer", "13")]
    public async Task A_primary_that_demands_a_replica_in_time_acknowledges_nothing_while_they_lag()
    {
        var primary = await _group.CurrentPrimaryAsync();
        await primary.CommandAsync("CONFIG", "SET", "min-replicas-to-write", "1", "min-replicas-max-lag", "1");
        await _store.StoreAsync(RedisStoreState.Job("before"));
        var (_, replicas) = await LetReplicasLagAsync("jobs:{q:default}:jobs", "before");
        RedisServerException? refused = null;
        await Poll.UntilAsync(
            async () =>
            {
                refused = await Record.ExceptionAsync(async () => await _store.EnqueueAsync([RedisStoreState.Job("refused")], 1_000, Token)) as RedisServerException;
                return refused is null ? "it stores more" : null;
            },
            "the primary refuses");

        Assert.Contains("NOREPLICAS", refused!.Message, StringComparison.Ordinal);
        foreach (var replica in replicas)
        {
            await replica.ResumeAsync();
        }

        await _store.StoreAsync(RedisStoreState.Job("after")); // and works again
    }

    /// <summary>Has the replicas stand still with what they know: from here on the primary alone has what it acknowledges.</summary>
    private async Task<(RedisServer Primary, List<RedisServer> Replicas)> LetReplicasLagAsync(string key = "jobs:{q:default}:meta", string field = "token")
    {
        var primary = await _group.CurrentPrimaryAsync();
        var replicas = _group.Servers.Where(server => server != primary).ToList();
        foreach (var replica in replicas)
        {
            await Poll.UntilAsync(async () => (await replica.CommandAsync("HGET", key, field)).Text is null ? "it does not" : null, "a replica knows what came before");
            await replica.PauseAsync();
        }

        await primary.CommandAsync("CLIENT", "KILL", "TYPE", "replica"); // nothing waits for them in a socket
        return (primary, replicas);
    }

    private async Task FailOverToLaggingAsync(RedisServer primary, List<RedisServer> replicas)
    {
        await primary.KillAsync();
        foreach (var replica in replicas)
        {
            await replica.ResumeAsync();
        }

        await _group.WaitForFailOverAsync(primary);
    }

    private async Task<ClaimedJob> ClaimOneAsync(string worker)
    {
        var request = new ClaimRequest { Worker = new(worker, "host", 1, ["default"]), Lease = TimeSpan.FromMinutes(5), Queues = [new("default", 1)], MaximumJobs = 1 };
        return Assert.Single((await _store.ClaimAsync(request, Token)).Jobs);
    }

    private async Task<FinishStatus> FinishAsync(ClaimedJob job) =>
        Assert.Single(await _store.FinishAsync([new JobFinish { Run = new(job.Queue, job.Id, job.Token), Kind = FinishKind.Completed }], Token)).Status;
}
