using System.Collections.Concurrent;
using System.Text;
using Millrace.Jobs;

namespace Millrace.PostgreSql.Tests;

/// <summary>Unique keys and limits, with several stores on one database at once.</summary>
public sealed class ManyStoresGuardTests(Server server) : IAsyncLifetime
{
    private const int Stores = 4;
    private const int Seed = 20_261_130;

    private Database _database = null!;

    public async ValueTask InitializeAsync() => _database = await Database.CreateAsync(server);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact, Trait("req", "J-11"), Trait("peer", "11")]
    public async Task Of_one_key_there_is_never_more_than_one_job_and_no_key_is_left_behind()
    {
        const int Keys = 5;
        var stores = Open();
        var running = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var (twice, completed, added) = (0, 0, 0);
        var producing = stores.Select((store, index) => Task.Run(() => ProduceAsync(store, index, new Random(Seed + index)))).ToList();
        var working = stores.Select((store, index) => Task.Run(() => WorkAsync(store, $"w{index}", new Random(Seed + 100 + index)))).ToList();

        await Task.WhenAll(producing).WaitAsync(Database.Guard);
        await Task.WhenAll(working).WaitAsync(Database.Guard);

        Assert.Equal(0, twice);
        Assert.True(added > Keys, $"only {added} jobs were added");
        Assert.Equal(added, completed + (int)await _database.ScalarAsync<long>("SELECT count(*) FROM millrace.job WHERE state = 5"));
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM millrace.unique_key"));
        Assert.Equal(await _database.CountAsync(), await Database.CountsAsync(stores[0]));
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"));

        async Task ProduceAsync(JobStore store, int index, Random random)
        {
            for (var number = 0; number < 150; number++)
            {
                var jobs = Enumerable.Range(0, random.Next(1, 4)).Select(part => Unique($"{index}-{number}-{part}", $"k{random.Next(Keys)}", replace: random.Next(2) == 0)).ToArray();
                var outcome = await Database.EnqueueAsync(store, jobs);
                Interlocked.Add(ref added, jobs.Length - outcome.Existing.Count);
                if (random.Next(10) == 0)
                {
                    await store.CancelAsync(jobs[0].Id);
                }
            }
        }

        async Task WorkAsync(JobStore store, string worker, Random random)
        {
            while (!producing.TrueForAll(static task => task.IsCompleted) || await _database.ScalarAsync<long>("SELECT count(*) FROM millrace.job WHERE state < 3") > 0)
            {
                foreach (var job in (await store.ClaimAsync(Database.Ask(worker, 2))).Jobs)
                {
                    var key = Encoding.UTF8.GetString(job.Payload.Span);
                    if (!running.TryAdd(key, job.Id))
                    {
                        Interlocked.Increment(ref twice);
                    }

                    await Task.Yield();
                    running.TryRemove(key, out _);
                    var finish = Database.Complete(job) with { Kind = random.Next(4) == 0 && job.Attempt < job.MaxAttempts ? FinishKind.Retry : FinishKind.Completed, Remove = false };
                    var answer = Assert.Single(await store.FinishAsync([finish]));
                    Assert.Equal(FinishStatus.Applied, answer.Status);
                    if (answer.State == JobState.Completed)
                    {
                        Interlocked.Increment(ref completed);
                    }
                }
            }
        }
    }

    [Fact, Trait("req", "J-03")]
    public async Task No_more_jobs_of_a_queue_run_than_its_limit_however_many_stores_claim()
    {
        const int Rounds = 50;
        const int Most = 3;
        var stores = Open();
        await Database.EnqueueAsync(stores[0], [.. Enumerable.Range(0, Rounds * Most).Select(static number => Database.Job($"{number}"))]);
        for (var round = 0; round < Rounds; round++)
        {
            var claims = await Task.WhenAll(stores.Select(static (store, index) => Task.Run(() =>
                store.ClaimAsync(Limited($"w{index}", new QueueCapacity("default", 2) { MaximumRunning = Most })).AsTask()))).WaitAsync(Database.Guard);
            var jobs = claims.SelectMany(static claim => claim.Jobs).ToList();
            Assert.Equal(Most, jobs.Count);
            await stores[round % Stores].FinishAsync(jobs.ConvertAll(Database.Complete));
        }
    }

    [Fact, Trait("req", "J-03")]
    public async Task In_no_window_do_several_stores_start_more_jobs_than_the_rate()
    {
        const int Jobs = 40;
        var rate = new JobRate { Count = 10, Period = TimeSpan.FromMilliseconds(200) };
        var stores = Open();
        await Database.EnqueueAsync(stores[0], [.. Enumerable.Range(0, Jobs).Select(static number => Database.Job($"{number}"))]);
        var starts = new ConcurrentBag<DateTimeOffset>();
        await Task.WhenAll(stores.Select((store, index) => Task.Run(() => WorkAsync(store, $"w{index}")))).WaitAsync(Database.Guard);

        var ordered = starts.Order().ToList();
        Assert.Equal(Jobs, ordered.Count);
        Assert.All(ordered.Skip(rate.Count).Zip(ordered), pair => Assert.True(pair.First - pair.Second >= rate.Period, $"{rate.Count + 1} starts within {pair.First - pair.Second}"));

        async Task WorkAsync(JobStore store, string worker)
        {
            while (starts.Count < Jobs)
            {
                var claim = await store.ClaimAsync(Limited(worker, new QueueCapacity("default", 4) { Rate = rate }));
                foreach (var job in claim.Jobs)
                {
                    starts.Add(job.StartedAt);
                }

                if (claim.Jobs.Count == 0)
                {
                    await store.WaitForWorkAsync(["default"], TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1));
                }
            }
        }
    }

    private static ClaimRequest Limited(string worker, QueueCapacity queue) => Database.Ask(worker, queue.Capacity) with { Queues = [queue] };

    private List<SqlJobStore> Open() => [.. Enumerable.Range(0, Stores).Select(_ => _database.Open())];

    private static NewJob Unique(string id, string key, bool replace) => Database.Job(id) with
    {
        Payload = Encoding.UTF8.GetBytes(key),
        MaxAttempts = 5,
        Unique = new JobUniqueness { Key = key, Until = UniqueUntil.Ended, Replace = replace },
    };
}
