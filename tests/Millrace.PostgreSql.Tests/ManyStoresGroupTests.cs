using System.Collections.Concurrent;
using Millrace.Jobs;

namespace Millrace.PostgreSql.Tests;

/// <summary>Groups, with several stores on one database at once.</summary>
[Trait("req", "J-11")]
public sealed class ManyStoresGroupTests(Server server) : IAsyncLifetime
{
    private const int Stores = 4;
    private const int Seed = 20_261_201;
    private const int Most = 2;
    private static readonly string?[] Groups = ["a", "b", "c", null];

    private Database _database = null!;

    public async ValueTask InitializeAsync() => _database = await Database.CreateAsync(server);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task No_group_runs_more_than_its_limit_and_no_job_is_left_behind()
    {
        const int Each = 120;
        List<SqlJobStore> stores = [.. Enumerable.Range(0, Stores).Select(_ => _database.Open())];
        var running = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var (tooMany, completed, cancelled) = (0, 0, 0);
        var producing = stores.Select((store, index) => Task.Run(() => ProduceAsync(store, index, new Random(Seed + index)))).ToList();
        var working = stores.Select((store, index) => Task.Run(() => WorkAsync(store, $"w{index}", new Random(Seed + 100 + index)))).ToList();

        await Task.WhenAll(producing).WaitAsync(Database.Guard);
        await Task.WhenAll(working).WaitAsync(Database.Guard);

        Assert.Equal(0, tooMany);
        Assert.Equal(Stores * Each, completed + cancelled);
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"));
        Assert.Equal(await _database.CountAsync(), await Database.CountsAsync(stores[0]));
        Assert.Empty((await stores[0].ClaimAsync(Ask("w0", 10))).Jobs);
        Assert.Empty(await _database.ColumnAsync("SELECT name FROM millrace.job_group UNION ALL SELECT name FROM millrace.group_news"));

        async Task ProduceAsync(JobStore store, int index, Random random)
        {
            for (var number = 0; number < Each;)
            {
                var jobs = Enumerable.Range(number, Math.Min(Each - number, random.Next(1, 6))).Select(part => Database.Job($"{index}-{part}") with { Group = Groups[random.Next(Groups.Length)], MaxAttempts = 100 }).ToArray();
                await Database.EnqueueAsync(store, jobs);
                number += jobs.Length;
                if (random.Next(8) == 0 && await store.CancelAsync(jobs[0].Id) == CancelStatus.Cancelled)
                {
                    Interlocked.Increment(ref cancelled);
                }
            }
        }

        async Task WorkAsync(JobStore store, string worker, Random random)
        {
            while (!producing.TrueForAll(static task => task.IsCompleted) || await _database.ScalarAsync<long>("SELECT count(*) FROM millrace.job WHERE state < 3") > 0)
            {
                foreach (var job in (await store.ClaimAsync(Ask(worker, 3))).Jobs)
                {
                    var group = (await store.GetAsync(job.Id))!.Group;
                    if (group is not null && running.AddOrUpdate(group, 1, static (_, number) => number + 1) > Most)
                    {
                        Interlocked.Increment(ref tooMany);
                    }

                    await Task.Yield();
                    if (group is not null)
                    {
                        running.AddOrUpdate(group, 0, static (_, number) => number - 1);
                    }

                    var finish = Database.Complete(job) with { Kind = (FinishKind)random.Next(6), Remove = random.Next(2) == 0 };
                    finish = finish.Kind is FinishKind.Completed or FinishKind.Retry or FinishKind.Released ? finish : finish with { Kind = FinishKind.Completed };
                    var answer = Assert.Single(await store.FinishAsync([finish]));
                    Assert.Equal(FinishStatus.Applied, answer.Status);
                    switch (answer.State)
                    {
                        case JobState.Completed:
                            Interlocked.Increment(ref completed);
                            break;
                        case JobState.Cancelled:
                            Interlocked.Increment(ref cancelled);
                            break;
                    }
                }
            }
        }
    }

    private static ClaimRequest Ask(string worker, int capacity) => Database.Ask(worker, capacity) with { Queues = [new QueueCapacity("default", capacity) { GroupMaximumRunning = Most }] };
}
