using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs.Stores.Memory;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Working;

public sealed class RunningTests
{
    [Fact, Trait("req", "J-01")]
    public async Task An_enqueue_wakes_an_idle_worker()
    {
        await using var engine = await Engine.StartAsync();
        await engine.Clock.WaitForTimersAsync(5).WaitAsync(Engine.Guard); // the wait for work (two), heartbeat, sweep, schedules: all asleep for an hour

        var id = await engine.Client.EnqueueAsync(new Work("a"));

        await engine.ReachesAsync(id, JobState.Completed);
        Assert.Equal(1, (await engine.GetAsync(id)).Attempt);
    }

    [Fact, Trait("req", "J-01")]
    public async Task A_handler_gets_the_job_and_what_is_known_of_it()
    {
        var seen = new TaskCompletionSource<(Work Job, JobContext Context)>();
        await using var engine = await Engine.StartAsync(run: (job, context, _) =>
        {
            seen.SetResult((job, context));
            return Task.CompletedTask;
        });

        var id = await engine.Client.EnqueueAsync(new Work("Zoë"), options => options.MaxAttempts(4).Tag("user:1"));
        var (job, context) = await seen.Task.WaitAsync(Engine.Guard);

        Assert.Equal(new Work("Zoë"), job);
        Assert.Equal((id, "default", "work", 1, 4), (context.Id, context.Queue, context.Type, context.Attempt, context.MaxAttempts));
        Assert.Equal(["user:1"], context.Tags);
        Assert.Equal(engine.Clock.GetUtcNow(), context.CreatedAt);
        Assert.True(context.FencingToken > 0);
    }

    [Fact, Trait("req", "J-03")]
    public async Task Higher_priority_runs_first_then_first_in_first_out()
    {
        var order = new ConcurrentQueue<string>();
        var gate = new Gate();
        await using var engine = await Engine.StartAsync(options: static options => options.DefaultConcurrency = 1, run: async (job, _, stop) =>
        {
            order.Enqueue(job.Name);
            if (job.Name == "first")
            {
                await gate.WaitAsync(stop);
            }
        });
        var first = await engine.Client.EnqueueAsync(new Work("first"));
        await engine.ReachesAsync(first, JobState.Running);
        await engine.Client.EnqueueAsync(new Work("low"), static options => options.Priority(-5));
        await engine.Client.EnqueueManyAsync([new Work("b"), new Work("c")]);
        var last = await engine.Client.EnqueueAsync(new Work("high"), static options => options.Priority(5));

        gate.Open();
        await engine.Changes.WaitForAsync(change => change.State == JobState.Completed && order.Count == 5 && change.Id != last);
        Assert.Equal(["first", "high", "b", "c", "low"], order);
    }

    [Fact, Trait("req", "J-01")]
    public async Task A_delayed_job_runs_when_its_time_has_come()
    {
        await using var engine = await Engine.StartAsync();
        var id = await engine.Client.EnqueueAsync(new Work("later"), static options => options.Delay(TimeSpan.FromMinutes(5)));
        var other = await engine.Client.EnqueueAsync(new Work("now"));
        await engine.ReachesAsync(other, JobState.Completed);
        Assert.Equal(JobState.Scheduled, (await engine.GetAsync(id)).State);

        engine.Clock.Advance(TimeSpan.FromMinutes(5));

        await engine.ReachesAsync(id, JobState.Completed);
        Assert.Equal(engine.Clock.GetUtcNow(), (await engine.GetAsync(id)).StartedAt);
    }

    [Fact, Trait("req", "J-03")]
    public async Task A_queues_concurrency_is_reached_and_never_exceeded()
    {
        var running = 0;
        var highest = 0;
        var reached = new Gate();
        await using var engine = await Engine.StartAsync(configure: static jobs => jobs.AddQueue("narrow", 3), run: async (_, _, stop) =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref highest, now);
            if (now == 3)
            {
                reached.Open();
            }

            await reached.WaitAsync(stop);
            await Task.Yield();
            Interlocked.Decrement(ref running);
        });

        var ids = await engine.Client.EnqueueManyAsync([.. Enumerable.Range(0, 60).Select(static n => new Work($"{n}"))], static options => options.Queue("narrow"));
        foreach (var id in ids)
        {
            await engine.ReachesAsync(id, JobState.Completed);
        }

        Assert.Equal(3, highest);
        Assert.Equal(60, engine.Changes.Changes.Count(static change => change.State == JobState.Running));
    }

    [Fact, Trait("req", "J-03")]
    public async Task A_full_queue_does_not_hold_up_another()
    {
        var gate = new Gate();
        await using var engine = await Engine.StartAsync(configure: static jobs => jobs.AddQueue("slow", 1), run: async (job, _, stop) =>
        {
            if (job.Name == "slow")
            {
                await gate.WaitAsync(stop);
            }
        });
        var slow = await engine.Client.EnqueueAsync(new Work("slow"), static options => options.Queue("slow"));
        await engine.ReachesAsync(slow, JobState.Running);
        var behind = await engine.Client.EnqueueAsync(new Work("behind"), static options => options.Queue("slow"));

        var quick = await engine.Client.EnqueueAsync(new Work("quick"));
        await engine.ReachesAsync(quick, JobState.Completed);
        Assert.Equal(JobState.Waiting, (await engine.GetAsync(behind)).State);
        gate.Open();
        await engine.ReachesAsync(behind, JobState.Completed);
    }

    [Fact, Trait("req", "J-14")]
    public async Task Nothing_runs_from_a_paused_queue_until_it_is_resumed()
    {
        await using var engine = await Engine.StartAsync(configure: static jobs => jobs.AddQueue("email"));
        await engine.Client.PauseQueueAsync("email");
        var paused = await engine.Client.EnqueueAsync(new Work("a"), static options => options.Queue("email"));
        var other = await engine.Client.EnqueueAsync(new Work("b"));
        await engine.ReachesAsync(other, JobState.Completed);
        Assert.Equal(JobState.Waiting, (await engine.GetAsync(paused)).State);

        await engine.Client.ResumeQueueAsync("email");
        await engine.ReachesAsync(paused, JobState.Completed);
    }

    [Fact, Trait("req", "J-07")]
    public async Task Progress_is_stored_and_told_in_order()
    {
        var gate = new Gate();
        await using var engine = await Engine.StartAsync(run: async (_, context, stop) =>
        {
            foreach (var percent in new[] { 10, 50, 80 })
            {
                await context.ReportProgressAsync(percent, $"at {percent}", stop);
            }

            await gate.WaitAsync(stop);
            await context.ReportProgressAsync(100, new string('x', 600), stop);
        });

        var id = await engine.Client.EnqueueAsync(new Work("report"), static options => options.Tag("user:1"));
        var told = await engine.Changes.WaitForAsync(static change => change.ProgressPercent == 80);
        Assert.Equal((JobState.Running, "at 80", "work"), (told.State, told.ProgressMessage, told.Type));
        Assert.Equal(["user:1"], told.Tags);
        Assert.Equal(80, (await engine.GetAsync(id)).ProgressPercent);
        gate.Open();
        await engine.ReachesAsync(id, JobState.Completed);

        var job = await engine.GetAsync(id);
        Assert.Equal((100, JobLimits.MaximumProgressMessageLength), (job.ProgressPercent, job.ProgressMessage!.Length));
        Assert.Equal([10, 50, 80, 100], engine.Changes.Changes.Where(static change => change.ProgressPercent is not null).Select(static change => change.ProgressPercent!.Value));
    }

    [Fact, Trait("req", "J-07")]
    public async Task Changes_of_a_job_are_told_in_their_order()
    {
        await using var engine = await Engine.StartAsync(run: static (_, context, stop) => context.ReportProgressAsync(50, null, stop).AsTask());
        for (var n = 0; n < 200; n++) // often the worker is faster than the enqueuer's own word
        {
            var id = await engine.Client.EnqueueAsync(new Work("a"));
            await engine.ReachesAsync(id, JobState.Completed);
            Assert.Equal([JobState.Waiting, JobState.Running, JobState.Running, JobState.Completed], engine.Changes.Changes.Where(change => change.Id == id).Select(static change => change.State!.Value));
            Assert.True(await engine.Client.DeleteAsync(id));
            await engine.Changes.WaitForAsync(change => change.Id == id && change.State is null);
        }
    }

    [Fact, Trait("req", "J-07")]
    public async Task An_observer_that_throws_harms_neither_the_job_nor_the_others()
    {
        await using var engine = await Engine.StartAsync(configure: static jobs => jobs.Services.AddSingleton<IJobObserver, ThrowingObserver>());
        var id = await engine.Client.EnqueueAsync(new Work("a"));

        await engine.ReachesAsync(id, JobState.Completed);
        var next = await engine.Client.EnqueueAsync(new Work("b"));
        await engine.ReachesAsync(next, JobState.Completed);
        Assert.True(engine.Logs.Count(2050) >= 3);
    }

    [Fact, Trait("req", "J-01")]
    public async Task Every_attempt_has_a_scope_of_its_own_that_is_disposed_after_it()
    {
        var seen = new ConcurrentQueue<Scoped>();
        await using var engine = await Engine.StartAsync(configure: jobs =>
        {
            jobs.Services.AddSingleton(seen);
            jobs.Services.AddScoped<Scoped>();
            jobs.AddHandler<ScopedWork, ScopedHandler>("scoped");
        });
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var id = await engine.Client.EnqueueAsync(new ScopedWork());
            await engine.ReachesAsync(id, JobState.Completed);
        }

        Assert.Equal(2, seen.Distinct().Count());
        Assert.All(seen, static scoped => Assert.True(scoped.Disposed));
    }

    [Fact, Trait("req", "J-15")]
    public async Task Statistics_count_what_happened_and_how_long_it_took()
    {
        FakeClock clock = new();
        await using var engine = await Engine.StartAsync(clock, run: (job, _, _) =>
        {
            clock.Advance(TimeSpan.FromSeconds(3));
            return job.Name == "bad" ? throw new UnrecoverableJobException("no") : Task.CompletedTask;
        });
        foreach (var name in new[] { "good", "good", "bad" })
        {
            var id = await engine.Client.EnqueueAsync(new Work(name));
            await engine.ReachesAsync(id, name == "bad" ? JobState.Dead : JobState.Completed);
        }

        var statistics = await engine.Client.GetStatisticsAsync();
        Assert.Equal(
            [new JobTotal("default", "work", "completed", 2), new JobTotal("default", "work", "dead", 1), new JobTotal("default", "work", "enqueued", 3)],
            statistics.Totals.OrderBy(static total => total.Status, StringComparer.Ordinal));
        var duration = Assert.Single(statistics.Durations);
        Assert.Equal((3, 9.0), (duration.Count, duration.SumSeconds));
        Assert.Equal(3, duration.Buckets[JobDuration.Bounds.ToList().IndexOf(5)]);
        Assert.Equal(JobDuration.Bounds.Count + 1, duration.Buckets.Count);
        var queue = Assert.Single(statistics.Queues);
        Assert.Equal((2, 1), (queue.Completed, queue.Dead));
        Assert.NotNull(queue.Concurrency);
        Assert.Equal(0, statistics.Running);
    }

    [Fact, Trait("req", "J-09")]
    public async Task Two_processes_share_the_work_and_run_nothing_twice()
    {
        var clock = new FakeClock();
        var store = new MemoryJobStore(clock);
        var runs = new ConcurrentDictionary<string, int>();
        Task Count(Work job, JobContext context, CancellationToken stop)
        {
            runs.AddOrUpdate(context.Id, 1, static (_, n) => n + 1);
            return Task.CompletedTask;
        }

        await using var one = await Engine.StartAsync(clock, store, run: Count);
        await using var two = await Engine.StartAsync(clock, store, run: Count);
        var ids = await one.Client.EnqueueManyAsync([.. Enumerable.Range(0, 300).Select(static n => new Work($"{n}"))]);
        foreach (var id in ids)
        {
            await Task.WhenAny(one.ReachesAsync(id, JobState.Completed), two.ReachesAsync(id, JobState.Completed)).Unwrap();
        }

        Assert.Equal(300, runs.Count);
        Assert.All(runs.Values, static count => Assert.Equal(1, count));
        Assert.Equal(2, (await one.Client.GetWorkersAsync()).Count);
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_process_without_workers_only_enqueues()
    {
        await using var engine = await Engine.StartAsync(options: static options => options.RunWorkers = false);
        var id = await engine.Client.EnqueueAsync(new Work("a"));

        Assert.Empty(await engine.Client.GetWorkersAsync());
        Assert.Equal(JobState.Waiting, (await engine.GetAsync(id)).State);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var known = Volatile.Read(ref target); value > known;)
        {
            var before = Interlocked.CompareExchange(ref target, value, known);
            if (before == known)
            {
                return;
            }

            known = before;
        }
    }

    private sealed class ThrowingObserver : IJobObserver
    {
        public ValueTask OnChangedAsync(JobChange change, CancellationToken cancellationToken) => throw new InvalidOperationException("observer");
    }

    private sealed record ScopedWork;

    private sealed class Scoped : IDisposable
    {
        public bool Disposed { get; private set; }

        public void Dispose() => Disposed = true;
    }

    private sealed class ScopedHandler(Scoped scoped, ConcurrentQueue<Scoped> seen) : IJobHandler<ScopedWork>
    {
        public Task HandleAsync(ScopedWork job, JobContext context, CancellationToken cancellationToken)
        {
            Assert.False(scoped.Disposed);
            seen.Enqueue(scoped);
            return Task.CompletedTask;
        }
    }
}
