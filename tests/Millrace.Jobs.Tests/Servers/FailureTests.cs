using System.Collections.Concurrent;
using Millrace.Jobs.Stores.Redis;
using Millrace.Jobs.Tests.Stores;
using Millrace.TestKit.Jobs;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Servers;

/// <summary>The engine on Redis while calls fail, answers are lost and connections break: every job ends once.</summary>
[Trait("req", "J-09"), Collection(HeavyCollection.Name)]
public sealed class FailureTests(SharedRedis shared, ITestOutputHelper output) : IClassFixture<SharedRedis>
{
    private const int Jobs = 300;
    private readonly string _prefix = $"t{Guid.NewGuid():N}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, Trait("peer", "14")]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Every_job_ends_once_although_every_few_calls_to_Redis_fail(int every)
    {
        var chance = new Random(every);
        StoreFault Choose(string operation)
        {
            lock (chance)
            {
                return chance.Next(every) > 0 ? StoreFault.None : chance.Next(2) == 0 ? StoreFault.Before : StoreFault.After;
            }
        }

        await using var store = new RedisJobStore(shared.Client, _prefix, TimeProvider.System);
        var runs = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        await using var engine = await RealEngine.StartAsync(new FaultingJobStore(store, Choose), Eager, run: Count(runs));
        await store.EnqueueAsync([.. Enumerable.Range(0, Jobs).Select(static n => RedisStoreState.Job($"{n}", maxAttempts: 50))], 1_000, Token);

        await UntilCompletedAsync(store, Jobs);

        Assert.Equal(Jobs, runs.Count);
    }

    [Fact, Trait("peer", "1"), Trait("peer", "11")]
    public async Task Every_job_ends_once_although_connections_break_at_random_bytes()
    {
        const int Seed = 20_261_121;
        await using var proxy = CuttingProxy.Start(shared.Server.Port, Seed);
        await using var redis = await RedisClients.ConnectAsync(proxy.Address);
        await using var store = new RedisJobStore(redis, _prefix, TimeProvider.System);
        var runs = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        await using var engine = await RealEngine.StartAsync(store, Eager, run: Count(runs));
        var ballast = new Dictionary<string, string>(StringComparer.Ordinal) { ["ballast"] = new('x', 1_000) }; // more bytes to break off at
        proxy.IsCutting = true;

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Jobs),
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Token },
            async (number, _) => await store.StoreAsync(RedisStoreState.Job($"{number}", maxAttempts: 50) with { Metadata = ballast }));
        await using var straight = new RedisJobStore(shared.Client, _prefix, TimeProvider.System);
        await UntilCompletedAsync(straight, Jobs);

        proxy.IsCutting = false;
        output.WriteLine($"seed {Seed}: {proxy.Cuts} cuts, {runs.Values.Sum()} runs of {Jobs} jobs");
        Assert.True(proxy.Cuts > 3);
        Assert.Equal(Jobs, runs.Count);
    }

    [Fact, Trait("peer", "6")]
    public async Task A_job_longer_than_the_lease_runs_once_while_its_worker_renews_it()
    {
        await using var store = new RedisJobStore(shared.Client, _prefix, TimeProvider.System);
        static void Short(JobsOptions options) => options.Lease = TimeSpan.FromSeconds(3);
        await using var engine = await RealEngine.StartAsync(store, Short, run: static (_, _, stop) => Task.Delay(TimeSpan.FromSeconds(9), TimeProvider.System, stop));
        var id = await engine.Client.EnqueueAsync(new Work("long"), cancellationToken: Token);
        await engine.ReachesAsync(id, JobState.Running);
        await using var other = await RealEngine.StartAsync(store, Short, run: static (_, _, _) => throw new InvalidOperationException("It runs twice."));

        await engine.ReachesAsync(id, JobState.Completed);

        var job = (await store.GetAsync(id, Token))!;
        Assert.Equal((1, JobState.Completed), (job.Attempt, job.State));
        Assert.DoesNotContain(other.Changes.Changes, change => change.Id == id);
    }

    private static void Eager(JobsOptions options) =>
        (options.Lease, options.PollInterval, options.RunSchedules) = (TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(200), false);

    private static Func<Work, JobContext, CancellationToken, Task> Count(ConcurrentDictionary<string, int> runs) => (job, _, _) =>
    {
        runs.AddOrUpdate(job.Name, 1, static (_, n) => n + 1);
        return Task.CompletedTask;
    };

    private static Task UntilCompletedAsync(RedisJobStore store, int count) => TestKit.Poll.UntilAsync(
        async () =>
        {
            var queue = (await store.GetQueuesAsync(Token)).SingleOrDefault();
            return queue?.Completed == count && queue.Waiting + queue.Delayed + queue.Retrying + queue.Running + queue.Dead == 0 ? null : $"{queue}";
        },
        "every job has ended");
}
