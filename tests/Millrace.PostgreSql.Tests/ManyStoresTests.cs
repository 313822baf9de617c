using System.Collections.Concurrent;
using Millrace.Jobs;

namespace Millrace.PostgreSql.Tests;

/// <summary>Several stores on one database at once, each with connections of its own, as so many processes would be.</summary>
[Trait("req", "J-12")]
public sealed class ManyStoresTests(Server server) : IAsyncLifetime
{
    private const int Stores = 4;
    private const int Seed = 20_261_130;
    private static readonly string[] Queues = ["a", "b", "c"];
    private static readonly JobRetention KeepAll = new(TimeSpan.FromDays(365), 1_000_000);

    private Database _database = null!;

    public async ValueTask InitializeAsync() => _database = await Database.CreateAsync(server);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact, Trait("peer", "11")]
    public async Task Every_job_is_claimed_once_and_ends_once_while_all_operations_go_on_at_once()
    {
        const int PerEnqueuer = 600;
        var stores = Enumerable.Range(0, Stores).Select(_ => _database.Open()).ToList();
        var tokens = new ConcurrentDictionary<long, string>();
        var ends = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var enqueued = new ConcurrentBag<string>();
        var enqueuing = stores.Select((store, index) => Task.Run(() => EnqueueAsync(store, index))).ToList();
        using var stop = new CancellationTokenSource();
        var others = stores.Select((store, index) => Task.Run(() => DisturbAsync(store, new Random(Seed + index), enqueued, stop.Token))).ToList();
        var workers = Enumerable.Range(0, Stores * 2).Select(index => Task.Run(() => WorkAsync(stores[index % Stores], $"w{index}", new Random(Seed + 100 + index)))).ToList();

        await Task.WhenAll([.. enqueuing, .. workers]).WaitAsync(Database.Guard);
        await stop.CancelAsync();
        await Task.WhenAll(others).WaitAsync(Database.Guard);

        Assert.Equal(Stores * PerEnqueuer, ends.Count);
        Assert.DoesNotContain(ends, static end => end.Value != 1);
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM millrace.job WHERE state < 3"));
        Assert.Equal(await _database.CountAsync(), await Database.CountsAsync(stores[0]));
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"));

        async Task EnqueueAsync(JobStore store, int index)
        {
            var random = new Random(Seed + 200 + index);
            for (var done = 0; done < PerEnqueuer;)
            {
                var count = Math.Min(random.Next(1, 40), PerEnqueuer - done);
                var queue = Queues[random.Next(Queues.Length)];
                var jobs = Enumerable.Range(done, count).Select(number => Database.Job($"{index}-{number}", queue) with
                {
                    MaxAttempts = 1_000,
                    Priority = random.Next(3),
                    Tags = random.Next(4) == 0 ? ["t"] : [],
                    Delay = random.Next(4) == 0 ? TimeSpan.FromMilliseconds(random.Next(50)) : null,
                }).ToArray();
                Assert.Empty((await Database.EnqueueAsync(store, jobs)).Existing);
                Array.ForEach(jobs, job => enqueued.Add(job.Id));
                done += count;
            }
        }

        async Task WorkAsync(JobStore store, string worker, Random random)
        {
            var held = new List<ClaimedJob>();
            while (ends.Count < Stores * PerEnqueuer || held.Count > 0)
            {
                // Sometimes the ends go alone, sometimes with the next claim; a fifth comes back.
                var finishes = held.ConvertAll(job => random.Next(5) switch
                {
                    0 => Database.Complete(job) with { Kind = FinishKind.Retry, Error = "boom", Delay = TimeSpan.FromMilliseconds(random.Next(20)) },
                    1 => Database.Complete(job) with { Remove = true },
                    _ => Database.Complete(job),
                });
                IReadOnlyList<FinishResult> answers = [];
                if (finishes.Count > 0 && random.Next(3) == 0)
                {
                    answers = await store.FinishAsync(finishes);
                    Count(held, finishes, answers);
                    (held, finishes) = ([], []);
                }

                var request = new ClaimRequest
                {
                    Worker = Database.Worker(worker, Queues),
                    Lease = TimeSpan.FromMinutes(1),
                    Queues = [.. Queues.OrderBy(_ => random.Next()).Select(queue => new QueueCapacity(queue, random.Next(1, 10)))],
                    MaximumJobs = 20,
                    Finishes = finishes,
                };
                var claim = await store.ClaimAsync(request);
                Count(held, finishes, claim.Finished);
                held = [.. claim.Jobs];
                held.ForEach(job => Assert.True(tokens.TryAdd(job.Token, job.Id), $"token {job.Token} was given to {tokens[job.Token]} and {job.Id}"));
                var beat = await store.HeartbeatAsync(new HeartbeatRequest { Worker = request.Worker, Lease = request.Lease, Runs = [.. held.Select(Database.Run)] });
                Assert.Empty(beat.Lost);
            }
        }

        void Count(List<ClaimedJob> held, List<JobFinish> finishes, IReadOnlyList<FinishResult> answers)
        {
            for (var i = 0; i < finishes.Count; i++)
            {
                Assert.Equal(FinishStatus.Applied, answers[i].Status);
                if (answers[i].State is JobState.Completed or JobState.Cancelled)
                {
                    ends.AddOrUpdate(held[i].Id, 1, static (_, count) => count + 1);
                }
            }
        }
    }

    private static async Task DisturbAsync(JobStore store, Random random, ConcurrentBag<string> enqueued, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            switch (random.Next(5))
            {
                case 0:
                    await store.SweepAsync(new SweepRequest { Completed = KeepAll, Cancelled = KeepAll, Dead = KeepAll }, CancellationToken.None);
                    break;
                case 1:
                    await store.GetQueuesAsync(CancellationToken.None);
                    break;
                case 2 when enqueued.TryPeek(out var id):
                    await store.GetAsync(id, CancellationToken.None);
                    break;
                case 3:
                    await store.ListAsync(new JobQuery { PageSize = 20, Tag = random.Next(2) == 0 ? "t" : null }, CancellationToken.None);
                    break;
                default:
                    await store.SetQueuePausedAsync(Queues[random.Next(Queues.Length)], paused: false, CancellationToken.None);
                    break;
            }
        }
    }

    [Fact, Trait("peer", "5"), Trait("peer", "7")]
    public async Task Dead_workers_jobs_are_taken_back_once_by_sweeps_of_many_stores()
    {
        const int Count = 300;
        var stores = Enumerable.Range(0, Stores).Select(_ => _database.Open()).ToList();
        await stores[0].EnqueueAsync([.. Enumerable.Range(0, Count).Select(static number => Database.Job($"job-{number}"))], 1_000_000);
        await stores[0].ClaimAsync(Database.Ask("dead", Count));
        await stores[0].LeaveAsync("dead");

        var sweeps = await Task.WhenAll(stores.Select(store => Task.Run(async () =>
        {
            var rescued = new List<string>();
            while (await _database.ScalarAsync<long>("SELECT count(*) FROM millrace.job WHERE state = 2") > 0)
            {
                rescued.AddRange((await store.SweepAsync(new SweepRequest { Completed = KeepAll, Cancelled = KeepAll, Dead = KeepAll, MaximumJobs = 7 })).Rescued.Select(static job => job.Id));
            }

            return rescued;
        }))).WaitAsync(Database.Guard);

        Assert.Equal(Count, sweeps.Sum(static rescued => rescued.Count));
        Assert.Equal(Count, sweeps.SelectMany(static rescued => rescued).Distinct().Count());
        Assert.Equal(await _database.CountAsync(), await Database.CountsAsync(stores[1]));
    }

    [Fact]
    public async Task Retention_of_many_stores_keeps_as_many_as_it_says()
    {
        const int Kept = 50;
        var stores = Enumerable.Range(0, Stores).Select(_ => _database.Open()).ToList();
        var keep = new JobRetention(TimeSpan.FromDays(1), Kept);
        for (var round = 0; round < 5; round++)
        {
            await stores[0].EnqueueAsync([.. Enumerable.Range(0, 200).Select(number => Database.Job($"job-{round}-{number}"))], 1_000_000);
            var jobs = (await stores[0].ClaimAsync(Database.Ask("w", 200))).Jobs;
            await stores[0].FinishAsync([.. jobs.Select(Database.Complete)]);
            await Task.WhenAll(stores.Select(store => Task.Run(async () =>
            {
                for (var sweep = 0; sweep < 10; sweep++)
                {
                    await store.SweepAsync(new SweepRequest { Completed = keep, Cancelled = keep, Dead = keep, MaximumJobs = 30 });
                }
            }))).WaitAsync(Database.Guard);

            while ((await stores[1].SweepAsync(new SweepRequest { Completed = keep, Cancelled = keep, Dead = keep })).More)
            {
                // What is still too much.
            }

            Assert.Equal(Kept, Assert.Single(await stores[2].GetQueuesAsync()).Completed);
            Assert.Equal(Kept, await _database.ScalarAsync<long>("SELECT count(*) FROM millrace.job"));
        }
    }

    [Fact]
    public async Task A_queue_s_bound_holds_when_many_stores_enqueue_at_once()
    {
        const int Bound = 100;
        var stores = Enumerable.Range(0, Stores).Select(_ => _database.Open()).ToList();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Task.Run(async () =>
            await stores[number % Stores].EnqueueAsync([.. Enumerable.Range(0, 7).Select(part => Database.Job($"{number}-{part}"))], Bound)))).WaitAsync(Database.Guard);

        var stored = outcomes.Count(static outcome => outcome.FullQueue is null);
        Assert.Equal(Bound / 7, stored);
        Assert.All(outcomes, static outcome => Assert.True(outcome.FullQueue is null or "default"));
        Assert.Equal(stored * 7, Assert.Single(await stores[0].GetQueuesAsync()).Waiting);
        Assert.Equal(stored * 7, await _database.ScalarAsync<long>("SELECT count(*) FROM millrace.job"));
    }

    [Fact, Trait("peer", "11")]
    public async Task Enqueues_of_the_same_ids_in_any_order_store_each_once()
    {
        var stores = Enumerable.Range(0, Stores).Select(_ => _database.Open()).ToList();
        for (var round = 0; round < 10; round++)
        {
            var ids = Enumerable.Range(0, 50).Select(number => $"{round}-{number}").ToArray();
            var existing = await Task.WhenAll(stores.Select((store, index) => Task.Run(async () =>
            {
                var random = new Random(Seed + (round * Stores) + index);
                var jobs = ids.OrderBy(_ => random.Next()).Select(static id => Database.Job(id)).ToArray();
                return (await Database.EnqueueAsync(store, jobs)).Existing.Count;
            }))).WaitAsync(Database.Guard);

            Assert.Equal((Stores - 1) * ids.Length, existing.Sum());
        }

        Assert.Equal(500, Assert.Single(await stores[0].GetQueuesAsync()).Waiting);
        Assert.Equal(await _database.CountAsync(), await Database.CountsAsync(stores[0]));
    }

    [Fact]
    public async Task Of_one_process_s_concurrent_enqueues_each_learns_its_own()
    {
        var store = _database.Open();
        await Database.EnqueueAsync(store, Database.Job("known-1"), Database.Job("known-2"));
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 500).Select(number => Task.Run(async () => await Database.EnqueueAsync(
            store, Database.Job($"own-{number}"), Database.Job("shared"), Database.Job(number % 2 == 0 ? "known-1" : "known-2"))))).WaitAsync(Database.Guard);

        Assert.Equal(499, outcomes.Count(static outcome => outcome.Existing.Contains("shared")));
        Assert.All(outcomes, static (outcome, number) => Assert.Contains(number % 2 == 0 ? "known-1" : "known-2", outcome.Existing));
        Assert.All(outcomes, static outcome => Assert.DoesNotContain(outcome.Existing, static id => id.StartsWith("own", StringComparison.Ordinal)));
        Assert.Equal(503, Assert.Single(await store.GetQueuesAsync()).Waiting);
    }

    [Fact]
    public async Task An_enqueue_that_the_database_refuses_fails_alone()
    {
        var store = _database.Open();
        await store.InitializeAsync();
        await _database.ExecuteAsync("ALTER TABLE millrace.job ADD CONSTRAINT poison CHECK (id <> 'poison')");
        var all = Enumerable.Range(0, 200).Select(number => Task.Run(() => Database.EnqueueAsync(store, Database.Job(number == 77 ? "poison" : $"job-{number}")))).ToList();

        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => all[77]);
        all.RemoveAt(77);
        await Task.WhenAll(all).WaitAsync(Database.Guard);
        Assert.Equal(199, Assert.Single(await store.GetQueuesAsync()).Waiting);
    }

    [Fact]
    public async Task An_enqueue_that_is_cancelled_in_line_is_not_done()
    {
        var store = _database.Open();
        await store.InitializeAsync();
        using var cancellation = new CancellationTokenSource();
        List<Task<EnqueueOutcome>> before, after;
        Task<EnqueueOutcome> cancelled;
        await using (var connection = await _database.Source.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var hold = new Npgsql.NpgsqlCommand("LOCK TABLE millrace.job IN SHARE MODE", connection, transaction);
            await hold.ExecuteNonQueryAsync();

            // Different queues, so that they cannot share a statement: as many as there are lanes, and then some.
            before = [.. Enumerable.Range(0, 20).Select(number => Database.EnqueueAsync(store, Database.Job($"before-{number}", $"q{number}")))];
            cancelled = store.EnqueueAsync([Database.Job("cancelled", "last")], 1_000, cancellation.Token).AsTask();
            after = [Database.EnqueueAsync(store, Database.Job("after", "last"))];
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        }

        await Task.WhenAll([.. before, .. after]).WaitAsync(Database.Guard);
        Assert.Null(await store.GetAsync("cancelled"));
        Assert.NotNull(await store.GetAsync("after"));
    }

    [Fact]
    public async Task Changes_of_counts_are_added_up_so_that_they_stay_few()
    {
        var store = _database.Open();
        for (var number = 0; number < 300; number++)
        {
            await Database.EnqueueAsync(store, Database.Job($"job-{number}", $"q{number % 3}"));
        }

        Assert.InRange(await _database.ScalarAsync<long>("SELECT count(*) FROM millrace.queue_change"), 0, 60);
        Assert.Equal(["q0 0 0 100 0 0 0 0", "q1 0 0 100 0 0 0 0", "q2 0 0 100 0 0 0 0"], await Database.CountsAsync(store));
    }

    [Fact]
    public async Task A_high_priority_and_a_job_put_back_by_another_store_go_before_a_long_line()
    {
        var (one, two) = (_database.Open(), _database.Open());
        await one.EnqueueAsync([.. Enumerable.Range(0, 500).Select(static number => Database.Job($"job-{number:000}"))], 1_000_000);
        Assert.Equal("job-000", Assert.Single((await one.ClaimAsync(Database.Ask("w1", 1))).Jobs).Id);
        var back = Assert.Single((await two.ClaimAsync(Database.Ask("w2", 1))).Jobs);
        Assert.Equal("job-002", Assert.Single((await one.ClaimAsync(Database.Ask("w1", 1))).Jobs).Id);

        // Another store's urgent job is seen at once, however the line was claimed from before.
        await two.EnqueueAsync([Database.Job("urgent") with { Priority = 1 }], 1_000_000);
        Assert.Equal("urgent", Assert.Single((await one.ClaimAsync(Database.Ask("w1", 1))).Jobs).Id);

        // A job that another store puts back at its old place is seen within a quarter of a second.
        await two.FinishAsync([Database.Complete(back) with { Kind = FinishKind.Released }]);
        var claims = new List<string>();
        while (!claims.Contains(back.Id))
        {
            claims.Add(Assert.Single((await one.ClaimAsync(Database.Ask("w1", 1))).Jobs).Id);
        }

        Assert.True(claims.Count < 490, "the job that was put back came last");
    }
}
