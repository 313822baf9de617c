using System.Collections.Concurrent;
using Millrace.Jobs.Stores.Redis;
using Millrace.Jobs.Tests.Stores;
using Millrace.Redis;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Servers;

/// <summary>The engine on a cluster whose slots move and whose servers fail.</summary>
[Trait("req", "J-12"), Collection(HeavyCollection.Name)]
public sealed class ClusterTests : IAsyncLifetime
{
    private static readonly string[] Queues = ["email", "report", "sync"];

    private RedisCluster _cluster = null!;
    private RedisClient _redis = null!;
    private RedisJobStore _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await RedisCluster.StartAsync();
        _redis = await RedisClients.ConnectAsync(_cluster);
        _store = new RedisJobStore(_redis, "jobs", TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _redis.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact, Trait("peer", "12")]
    public async Task Every_job_runs_once_while_the_slots_of_its_queue_move()
    {
        const int Jobs = 400;
        var runs = new ConcurrentQueue<string>();
        await using var engine = await RealEngine.StartAsync(_store, static options => options.RunSchedules = false, Serve, (job, _, _) =>
        {
            runs.Enqueue(job.Name);
            return Task.CompletedTask;
        });
        var enqueued = 0;
        var enqueue = Parallel.ForEachAsync(
            Enumerable.Range(0, Jobs),
            new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = Token },
            async (number, _) =>
            {
                await _store.StoreAsync(RedisStoreState.Job($"{number}", queue: Queues[number % Queues.Length]));
                Interlocked.Increment(ref enqueued);
            });
        for (var move = 0; move < 6; move++)
        {
            var before = Volatile.Read(ref enqueued);
            var slot = await _cluster.SlotOfAsync($"jobs:{{q:{Queues[move % Queues.Length]}}}:jobs");
            var owner = await _cluster.PrimaryOfAsync(slot);
            await _cluster.MoveSlotAsync(slot, (await _cluster.PrimariesAsync()).First(node => node != owner));
            await Turn.UntilAsync(() => enqueue.IsCompleted || Volatile.Read(ref enqueued) > before + 10);
        }

        await enqueue;
        await UntilCompletedAsync(Jobs);
        Assert.Equal(Jobs, runs.Count);
        Assert.Equal(Jobs, runs.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact, Trait("peer", "2")]
    public async Task A_worker_takes_up_work_after_the_primary_of_its_queue_was_killed_in_its_wait()
    {
        await using var engine = await RealEngine.StartAsync(_store, static options => options.RunSchedules = false, Serve);
        var slot = await _cluster.SlotOfAsync("jobs:{q:email}:jobs");
        var primary = await _cluster.PrimaryOfAsync(slot);
        await Poll.UntilAsync(
            async () => (await primary.CommandAsync("HGET", "jobs:{q:email}:meta", "asleep")).Text is null ? "it does not" : null, "a worker waits for work");

        await _cluster.KillAsync(primary);
        await _store.StoreAsync(RedisStoreState.Job("a", queue: "email"));

        await engine.ReachesAsync("a", JobState.Completed);
        Assert.NotEqual(primary, await _cluster.PrimaryOfAsync(slot));
    }

    private static void Serve(JobsBuilder jobs) => _ = Array.TrueForAll(Queues, queue => jobs.AddQueue(queue) is not null);

    private Task UntilCompletedAsync(int count) => Poll.UntilAsync(
        async () => (await _store.GetQueuesAsync(Token)).Sum(static queue => queue.Completed) is var ended && ended == count ? null : $"{ended} of {count} have ended", "every job has ended");
}
