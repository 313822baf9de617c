using System.Collections.Concurrent;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.WarmUp;

[Trait("req", "C-18")]
public sealed class RunTests
{
    [Fact]
    public async Task Batches_are_loaded_side_by_side_and_never_more_than_the_plan_allows()
    {
        var (now, most, held) = (0, 0, new TaskCompletionSource());
        await using var warmth = Warmth.With(cache => cache.AddWarmer(
            "w",
            Warmth.Find(100),
            async (_, batch, token) =>
            {
                var here = Interlocked.Increment(ref now);
                InterlockedMax(ref most, here);
                if (here == 4)
                {
                    held.TrySetResult();
                }

                await held.Task.WaitAsync(Caches.Guard, token); // four at once, or this times out
                Interlocked.Decrement(ref now);
                return batch.Count;
            },
            plan => (plan.BatchSize, plan.MaximumConcurrency, plan.EntriesPerSecond) = (5, 4, null)));

        var run = await warmth.Warming.WarmAsync("w");

        Assert.Equal((CacheWarmingOutcome.Succeeded, 20, 4), (run.Outcome, run.Batches, most));
    }

    [Fact]
    public async Task A_failing_batch_is_tried_again_after_waits_that_double_up_to_a_limit_less_chance()
    {
        var clock = new EagerClock(TimeSpan.FromSeconds(30));
        var attempts = 0;
        await using var warmth = Warmth.With(
            cache => cache.AddWarmer(
                "w",
                Warmth.Find(10),
                (context, batch, token) => ++attempts <= 5 ? throw new TimeoutException("not yet") : Warmth.Store(context, batch, token),
                plan => (plan.Attempts, plan.RetryDelay, plan.MaximumRetryDelay) = (6, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(12))),
            clock);

        var run = await warmth.Warming.WarmAsync("w");

        Assert.Equal((CacheWarmingOutcome.Succeeded, 10, 5, 0), (run.Outcome, run.Entries, run.Retries, run.FailedBatches));
        var waits = clock.Waits.Select(wait => wait.TotalSeconds).ToArray();
        Assert.Equal(5, waits.Length);
        foreach (var (most, wait) in new[] { 2.0, 4, 8, 12, 12 }.Zip(waits))
        {
            Assert.InRange(wait, most / 2, most);
        }

        Assert.NotEqual(waits[3], waits[4]); // chance
    }

    [Fact]
    public async Task A_batch_that_fails_for_good_leaves_the_others_to_succeed()
    {
        var clock = new EagerClock(TimeSpan.FromSeconds(30));
        await using var warmth = Warmth.With(
            cache => cache.AddWarmer(
                "w",
                Warmth.Find(30),
                (context, batch, token) => batch.Any(c => c.Key == "k:12") ? throw new TimeoutException("no\nsource") : Warmth.Store(context, batch, token),
                plan => (plan.BatchSize, plan.Attempts) = (10, 2)),
            clock);

        var run = await warmth.Warming.WarmAsync("w");

        Assert.Equal((CacheWarmingOutcome.Partial, 20, 30, 1, 1), (run.Outcome, run.Entries, run.Done, run.FailedBatches, run.Retries));
        Assert.Equal("TimeoutException: no source", run.Failure);
        var warmer = Assert.Single(warmth.Warming.Warmers);
        Assert.Equal((1L, 1L, 20L, run), (warmer.Runs, warmer.FailedRuns, warmer.Entries, warmer.LastRun));
    }

    [Fact]
    public async Task A_run_in_which_nothing_succeeds_has_failed()
    {
        var clock = new EagerClock(TimeSpan.FromSeconds(30));
        await using var warmth = Warmth.With(
            cache => cache
                .AddWarmer("load", Warmth.Find(30), (_, _, _) => throw new TimeoutException("no source"))
                .AddWarmer("find", (_, _) => throw new TimeoutException("no list"), Warmth.Store),
            clock);

        var load = await warmth.Warming.WarmAsync("load");
        var find = await warmth.Warming.WarmAsync("find");

        Assert.Equal((CacheWarmingOutcome.Failed, 2, "TimeoutException: no source"), (load.Outcome, load.Retries, load.Failure));
        Assert.Equal((CacheWarmingOutcome.Failed, 2, "TimeoutException: no list"), (find.Outcome, find.Retries, find.Failure));
    }

    [Fact]
    public async Task The_pace_is_kept()
    {
        var clock = new EagerClock(TimeSpan.FromSeconds(30));
        var times = new ConcurrentQueue<double>();
        await using var warmth = Warmth.With(
            cache => cache.AddWarmer(
                "w",
                Warmth.Find(20),
                (context, batch, token) =>
                {
                    times.Enqueue((clock.GetUtcNow() - new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)).TotalSeconds);
                    return Warmth.Store(context, batch, token);
                },
                plan => (plan.BatchSize, plan.MaximumConcurrency, plan.EntriesPerSecond) = (5, 1, 10)),
            clock);

        await warmth.Warming.WarmAsync("w");

        Assert.Equal([0, 0.5, 1, 1.5], times);
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_cancelled_and_tried_again()
    {
        var clock = new FakeClock();
        var started = new TaskCompletionSource();
        var attempts = 0;
        await using var warmth = Warmth.With(
            cache => cache.AddWarmer(
                "w",
                Warmth.Find(1),
                async (context, batch, token) =>
                {
                    if (++attempts == 1)
                    {
                        started.SetResult();
                        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
                    }

                    return await Warmth.Store(context, batch, token);
                },
                plan => (plan.RetryDelay, plan.BatchTimeout) = (TimeSpan.Zero, TimeSpan.FromSeconds(7))),
            clock);

        var running = warmth.Warming.WarmAsync("w").AsTask();
        await started.Task.WaitAsync(Caches.Guard);
        clock.Advance(TimeSpan.FromSeconds(7));
        var run = await running.WaitAsync(Caches.Guard);

        Assert.Equal((CacheWarmingOutcome.Succeeded, 1, 1), (run.Outcome, run.Entries, run.Retries));
    }

    [Fact]
    public async Task A_run_ends_at_its_time_limit_even_if_the_loader_does_not_heed_its_token()
    {
        var clock = new FakeClock();
        var (started, never) = (new TaskCompletionSource(), new TaskCompletionSource<int>());
        await using var warmth = Warmth.With(
            cache => cache.AddWarmer(
                "w",
                Warmth.Find(1),
                (_, _, _) =>
                {
                    started.SetResult();
                    return new ValueTask<int>(never.Task);
                },
                plan => (plan.BatchTimeout, plan.RunTimeout) = (TimeSpan.FromHours(1), TimeSpan.FromMinutes(3))),
            clock);

        var running = warmth.Warming.WarmAsync("w").AsTask();
        await started.Task.WaitAsync(Caches.Guard);
        clock.Advance(TimeSpan.FromMinutes(3));
        await Poll.UntilAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(5)); // what a loader gets to let go
                return Task.FromResult(running.IsCompleted ? null : "it goes on");
            },
            "the run has ended");
        var run = await running;

        Assert.Equal((CacheWarmingOutcome.Failed, "TimeoutException: the run took longer than 00:03:00."), (run.Outcome, run.Failure));
    }

    [Fact]
    public async Task A_run_shows_how_far_it_is_and_can_be_cancelled_in_the_middle_and_what_it_filled_stays()
    {
        var secondBatch = new TaskCompletionSource();
        await using var warmth = Warmth.With(cache => cache.AddWarmer(
            "w",
            Warmth.Find(40),
            async (context, batch, token) =>
            {
                if (batch[0].Key != "k:0")
                {
                    secondBatch.SetResult();
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
                }

                return await Warmth.Store(context, batch, token);
            },
            plan => (plan.BatchSize, plan.MaximumConcurrency, plan.EntriesPerSecond) = (10, 1, null)));

        var running = warmth.Warming.WarmAsync("w").AsTask();
        await secondBatch.Task.WaitAsync(Caches.Guard);
        var live = Assert.Single(warmth.Warming.Runs);
        Assert.Equal((CacheWarmingOutcome.Running, 40, 10, 25.0, 10), (live.Outcome, live.Total, live.Done, live.Percent, live.Entries));
        Assert.True(warmth.Warming.Cancel(live.Id));
        var run = await running.WaitAsync(Caches.Guard);

        Assert.Equal((CacheWarmingOutcome.Cancelled, 10, live.Id), (run.Outcome, run.Entries, run.Id));
        Assert.False(warmth.Warming.Cancel(live.Id));
        Assert.Equal(run, Assert.Single(warmth.Warming.Runs));
        Assert.True(warmth.Cache.TryGet<string>("k:9", out _));
        Assert.False(warmth.Cache.TryGet<string>("k:10", out _));
    }

    [Fact]
    public async Task A_caller_who_gives_up_ends_its_run()
    {
        var started = new TaskCompletionSource();
        using var patience = new CancellationTokenSource();
        await using var warmth = Warmth.With(cache => cache.AddWarmer("w", async (_, _, token) =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return 1;
        }));

        var running = warmth.Warming.WarmAsync("w", patience.Token).AsTask();
        await started.Task.WaitAsync(Caches.Guard);
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Caches.Guard));
        Assert.Equal(CacheWarmingOutcome.Cancelled, Assert.Single(warmth.Warming.Runs).Outcome);
    }

    [Fact]
    public async Task Two_runs_of_one_warmer_take_turns_and_too_many_in_line_are_refused()
    {
        var (inside, most, gate) = (0, 0, new TaskCompletionSource());
        await using var warmth = Warmth.With(cache => cache.AddWarmer("w", async (_, _, _) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref inside));
            await gate.Task;
            Interlocked.Decrement(ref inside);
            return 1;
        }));

        var runs = Enumerable.Range(0, 1001).Select(_ => warmth.Warming.WarmAsync("w").AsTask()).ToArray();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => warmth.Warming.WarmAsync("w").AsTask());
        gate.SetResult();
        await Task.WhenAll(runs).WaitAsync(Caches.Guard);

        Assert.Equal(1, most);
        Assert.Contains("1000 callers wait", refused.Message, StringComparison.Ordinal);
        Assert.Equal(100, warmth.Warming.Runs.Count); // of 1,001, the latest
        Assert.Equal(1001, warmth.Warming.Warmers[0].Runs);
    }

    [Fact]
    public async Task Runs_in_the_background_are_bounded_and_end_with_the_process()
    {
        var started = new ConcurrentQueue<int>();
        var ended = 0;
        async ValueTask<int> Fill(IServiceProvider services, Cache cache, CancellationToken token)
        {
            try
            {
                started.Enqueue(1);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
                return 1;
            }
            finally
            {
                Interlocked.Increment(ref ended);
            }
        }

        var warmth = Warmth.With(cache => Enumerable.Range(0, 33).ToList().ForEach(i => cache.AddWarmer($"w{i}", Fill)), new FakeClock());
        for (var i = 0; i < 32; i++)
        {
            warmth.Warming.Start($"w{i}");
        }

        Assert.Throws<InvalidOperationException>(() => warmth.Warming.Start("w32"));
        Assert.Throws<KeyNotFoundException>(() => warmth.Warming.Start("cold"));
        await Poll.UntilAsync(() => Task.FromResult(started.Count == 32 ? null : $"{started.Count} have begun"), "32 runs have begun");
        var warming = warmth.Warming;
        Assert.Equal(32, warming.Runs.Count(run => run.Outcome == CacheWarmingOutcome.Running));

        await warmth.DisposeAsync();

        Assert.Equal(32, ended);
        Assert.All(warming.Runs, run => Assert.Equal(CacheWarmingOutcome.Cancelled, run.Outcome));
        Assert.Throws<ObjectDisposedException>(() => warming.Start("w0"));
    }

    [Fact]
    public async Task All_warmers_run_those_of_high_priority_first()
    {
        var order = new ConcurrentQueue<string>();
        Func<IServiceProvider, Cache, CancellationToken, ValueTask<int>> Note(string name) => (_, _, _) =>
        {
            order.Enqueue(name);
            return ValueTask.FromResult(1);
        };
        await using var warmth = Warmth.With(cache => cache
            .AddWarmer("a-low", Note("a-low"), plan => plan.Priority = CacheWarmingPriority.Low)
            .AddWarmer("b-medium", Note("b-medium"))
            .AddWarmer("d-high", Note("d-high"), plan => plan.Priority = CacheWarmingPriority.High)
            .AddWarmer("c-high", Note("c-high"), plan => plan.Priority = CacheWarmingPriority.High));

        await warmth.Warming.WarmAllAsync();

        Assert.Equal(["c-high", "d-high", "b-medium", "a-low"], order);
        Assert.Equal(["a-low", "b-medium", "c-high", "d-high"], warmth.Warming.Warmers.Select(warmer => warmer.Name));
    }

    [Fact]
    public async Task A_warmer_per_user_runs_for_one_user_on_demand_and_for_many_if_its_plan_names_them()
    {
        var batches = new ConcurrentQueue<string[]>();
        static IAsyncEnumerable<CacheWarmingCandidate> Of(CacheWarmingContext context, CancellationToken token) =>
            Warmth.Each([new CacheWarmingCandidate($"user:{context.UserId}:profile", 2), new CacheWarmingCandidate($"user:{context.UserId}:feed", 1)], token);
        ValueTask<int> Load(CacheWarmingContext context, IReadOnlyList<CacheWarmingCandidate> batch, CancellationToken token)
        {
            Assert.All(batch, candidate => Assert.Contains($"user:{candidate.UserId}:", candidate.Key, StringComparison.Ordinal));
            return Warmth.Note(batches)(context, batch, token);
        }

        await using var warmth = Warmth.With(cache => cache
            .AddUserWarmer("one", Of, Load)
            .AddUserWarmer("many", Of, Load, plan => plan.Users = (_, token) => Warmth.Each(["8", "9"], token)));

        var forOne = await warmth.Warming.WarmUserAsync("7");
        Assert.Equal([("many", "7", 2), ("one", "7", 2)], forOne.Select(run => (run.Name, run.UserId!, run.Entries)));
        Assert.All(batches, batch => Assert.Equal(["user:7:profile", "user:7:feed"], batch));

        batches.Clear();
        var forAll = Assert.Single(await warmth.Warming.WarmAllAsync());
        Assert.Equal(("many", null, 4), (forAll.Name, forAll.UserId, forAll.Entries));
        Assert.Equal(["user:8:profile", "user:9:profile", "user:8:feed", "user:9:feed"], Assert.Single(batches));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await warmth.Warming.WarmAsync("one"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await warmth.Warming.WarmUserAsync(new string('u', 257)));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value;)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen) == seen ? value : Volatile.Read(ref target);
        }
    }
}
