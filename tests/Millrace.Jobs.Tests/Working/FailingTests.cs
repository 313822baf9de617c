using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs.Stores.Memory;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Working;

public sealed class FailingTests
{
    [Fact, Trait("req", "J-05")]
    public async Task A_failing_job_is_tried_again_with_growing_delays_and_then_is_dead()
    {
        var retry = RetryPolicy.Exponential(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(25), jitter: 0);
        await using var engine = await Engine.StartAsync(
            defaults: defaults => (defaults.MaxAttempts, defaults.Retry) = (4, retry),
            run: static (_, context, _) => throw new InvalidOperationException($"attempt {context.Attempt} failed"));
        var id = await engine.Client.EnqueueAsync(new Work("a"));

        foreach (var (attempt, seconds) in new[] { (1, 10), (2, 20), (3, 25) })
        {
            await engine.ReachesAsync(id, JobState.Scheduled, attempt);
            var waiting = await engine.GetAsync(id);
            Assert.Equal((attempt, engine.Clock.GetUtcNow().AddSeconds(seconds)), (waiting.Attempt, waiting.DueAt));
            Assert.Contains($"attempt {attempt} failed", waiting.Error, StringComparison.Ordinal);
            Assert.Equal(1, Assert.Single(await engine.Client.GetQueuesAsync()).Retrying);
            engine.Clock.Advance(TimeSpan.FromSeconds(seconds));
        }

        var told = await engine.ReachesAsync(id, JobState.Dead);
        Assert.Contains("attempt 4 failed", told.Error, StringComparison.Ordinal);
        var job = await engine.GetAsync(id);
        Assert.Equal((JobState.Dead, 4, "default"), (job.State, job.Attempt, job.Queue));
        Assert.Contains("InvalidOperationException", job.Error, StringComparison.Ordinal);
        Assert.Equal(1, engine.Logs.Count(2022));
    }

    [Fact, Trait("req", "J-05")]
    public async Task An_unrecoverable_error_ends_the_job_at_once()
    {
        await using var engine = await Engine.StartAsync(run: static (_, _, _) => throw new UnrecoverableJobException("no such address"));
        var id = await engine.Client.EnqueueAsync(new Work("a"));

        await engine.ReachesAsync(id, JobState.Dead);
        Assert.Equal(1, (await engine.GetAsync(id)).Attempt);
    }

    [Fact, Trait("req", "J-06")]
    public async Task A_dead_job_can_be_replayed_and_succeed()
    {
        var fail = true;
        await using var engine = await Engine.StartAsync(run: (_, _, _) => Volatile.Read(ref fail) ? throw new UnrecoverableJobException("not yet") : Task.CompletedTask);
        var id = await engine.Client.EnqueueAsync(new Work("a"));
        await engine.ReachesAsync(id, JobState.Dead);
        Volatile.Write(ref fail, false);

        Assert.True(await engine.Client.RetryAsync(id));
        await engine.ReachesAsync(id, JobState.Completed);
        var job = await engine.GetAsync(id);
        Assert.Equal((10, 1, null), (job.Priority, job.Attempt, job.Error));
        Assert.False(await engine.Client.RetryAsync(id));
    }

    [Fact, Trait("req", "J-08")]
    public async Task An_attempt_that_takes_too_long_fails_with_a_timeout()
    {
        await using var engine = await Engine.StartAsync(run: static (_, _, stop) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop));
        var id = await engine.Client.EnqueueAsync(new Work("a"), static options => options.Timeout(TimeSpan.FromSeconds(5)).MaxAttempts(2));
        await engine.ReachesAsync(id, JobState.Running);
        await engine.Clock.WaitForTimersAsync(6).WaitAsync(Engine.Guard); // the timeout is armed beside the wait for work (two), heartbeat, sweep and schedules

        engine.Clock.Advance(TimeSpan.FromSeconds(5));

        await engine.ReachesAsync(id, JobState.Scheduled, attempt: 1);
        var job = await engine.GetAsync(id);
        Assert.Contains("TimeoutException", job.Error, StringComparison.Ordinal);
        Assert.Contains("00:00:05", job.Error, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-08")]
    public async Task Cancel_of_a_waiting_job_keeps_it_from_running()
    {
        await using var engine = await Engine.StartAsync();
        var id = await engine.Client.EnqueueAsync(new Work("a"), static options => options.Delay(TimeSpan.FromMinutes(1)));

        Assert.Equal(CancelStatus.Cancelled, await engine.Client.CancelAsync(id));
        await engine.ReachesAsync(id, JobState.Cancelled);
        engine.Clock.Advance(TimeSpan.FromMinutes(2));
        var after = await engine.Client.EnqueueAsync(new Work("b"));
        await engine.ReachesAsync(after, JobState.Completed);
        Assert.DoesNotContain(engine.Changes.Changes, change => change.Id == id && change.State == JobState.Running);
    }

    [Fact, Trait("req", "J-08")]
    public async Task Cancel_of_a_running_job_stops_it_at_once_in_the_same_process()
    {
        await using var engine = await Engine.StartAsync(run: static (_, _, stop) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop));
        var id = await engine.Client.EnqueueAsync(new Work("a"));
        await engine.ReachesAsync(id, JobState.Running);

        Assert.Equal(CancelStatus.Requested, await engine.Client.CancelAsync(id));
        await engine.ReachesAsync(id, JobState.Cancelled);
        Assert.Equal(CancelStatus.AlreadyEnded, await engine.Client.CancelAsync(id));
    }

    [Fact, Trait("req", "J-08")]
    public async Task Cancel_of_a_job_running_elsewhere_is_heeded_at_the_next_heartbeat()
    {
        var clock = new FakeClock();
        var store = new MemoryJobStore(clock);
        await using var engine = await Engine.StartAsync(clock, store, run: static (_, _, stop) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop));
        await using var other = await Engine.StartAsync(clock, store, static options => options.RunWorkers = false);
        var id = await other.Client.EnqueueAsync(new Work("a"));
        await engine.ReachesAsync(id, JobState.Running);

        Assert.Equal(CancelStatus.Requested, await other.Client.CancelAsync(id));
        await clock.WaitForTimersAsync(7).WaitAsync(Engine.Guard); // the wait for work (two), heartbeat, sweep, both processes' schedules, the job's timeout
        clock.Advance(TimeSpan.FromMinutes(20)); // a third of the lease
        await engine.ReachesAsync(id, JobState.Cancelled);
    }

    [Fact, Trait("req", "J-05")]
    public async Task A_snoozed_job_comes_back_without_using_up_an_attempt()
    {
        await using var engine = await Engine.StartAsync(run: static (job, context, _) =>
        {
            if (context.CreatedAt == TimeProvider.System.GetUtcNow())
            {
                throw new InvalidOperationException("The fake clock is not in use.");
            }

            if (job.Name == "snooze" && context.FencingToken == 1)
            {
                context.Snooze(TimeSpan.FromMinutes(2));
            }

            return Task.CompletedTask;
        });
        var id = await engine.Client.EnqueueAsync(new Work("snooze"), static options => options.MaxAttempts(1));
        await engine.Changes.WaitForAsync(change => change.Id == id && change.State == JobState.Scheduled);
        Assert.Equal(0, (await engine.GetAsync(id)).Attempt);

        engine.Clock.Advance(TimeSpan.FromMinutes(2));
        await engine.ReachesAsync(id, JobState.Completed);
        Assert.Equal(1, (await engine.GetAsync(id)).Attempt);
    }

    [Fact, Trait("req", "J-05")]
    public async Task A_payload_that_cannot_be_read_is_dead_and_the_next_job_runs()
    {
        await using var engine = await Engine.StartAsync();
        foreach (var (id, payload) in new[] { ("poison", "{\"name\":"), ("null", "null"), ("wrong", "[1]") })
        {
            await engine.Store.EnqueueAsync([new NewJob { Id = id, Queue = "default", Type = "work", Payload = Encoding.UTF8.GetBytes(payload), MaxAttempts = 5 }], 10);
            await engine.ReachesAsync(id, JobState.Dead);
            Assert.Contains("'work'", (await engine.GetAsync(id)).Error, StringComparison.Ordinal);
        }

        var next = await engine.Client.EnqueueAsync(new Work("fine"));
        await engine.ReachesAsync(next, JobState.Completed);
    }

    [Fact, Trait("req", "J-05")]
    public async Task A_job_of_an_unknown_name_is_tried_again_because_another_process_may_know_it()
    {
        await using var engine = await Engine.StartAsync();
        await engine.Store.EnqueueAsync([new NewJob { Id = "x", Queue = "default", Type = "unheard-of", Payload = "{}"u8.ToArray(), MaxAttempts = 2 }], 10);

        await engine.ReachesAsync("x", JobState.Scheduled, attempt: 1);
        Assert.Contains("unheard-of", (await engine.GetAsync("x")).Error, StringComparison.Ordinal);
        engine.Clock.Advance(TimeSpan.FromSeconds(10));
        await engine.ReachesAsync("x", JobState.Dead);
        Assert.Contains((await engine.Client.GetStatisticsAsync()).Totals, static total => total is { Type: "other", Status: "dead" });
    }

    [Fact, Trait("req", "J-16")]
    public async Task Error_texts_are_kept_without_secrets()
    {
        await using var engine = await Engine.StartAsync(run: static (_, _, _) =>
            throw new UnrecoverableJobException("Login with Password=hunter2; failed", new InvalidOperationException("Authorization: Bearer abc.def.ghi")));
        var id = await engine.Client.EnqueueAsync(new Work("a"));
        var told = await engine.ReachesAsync(id, JobState.Dead);

        string[] texts = [(await engine.GetAsync(id)).Error!, told.Error!, .. engine.Logs.Entries.Select(static entry => entry.Text)];
        foreach (var text in texts)
        {
            Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
            Assert.DoesNotContain("abc.def", text, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("req", "J-05")]
    public async Task A_handler_that_cannot_be_made_fails_its_attempts()
    {
        await using var engine = await Engine.StartAsync(configure: static jobs => jobs.AddHandler<Unmakeable, UnmakeableHandler>("unmakeable"));
        var id = await engine.Client.EnqueueAsync(new Unmakeable(), static options => options.MaxAttempts(1));

        await engine.ReachesAsync(id, JobState.Dead);
        Assert.Contains("UnmakeableHandler", (await engine.GetAsync(id)).Error, StringComparison.Ordinal);
    }

    private sealed record Unmakeable;

#pragma warning disable CS9113 // the parameter nobody can provide is the point
    private sealed class UnmakeableHandler(IFormatProvider nobodyRegistersThis) : IJobHandler<Unmakeable>
#pragma warning restore CS9113
    {
        public Task HandleAsync(Unmakeable job, JobContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [Fact, Trait("req", "J-05")]
    public async Task A_timeout_longer_than_timers_can_do_is_refused_and_one_from_the_store_does_not_hold_the_job_for_ever()
    {
        await using var engine = await Engine.StartAsync();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => engine.Client.EnqueueAsync(new Work("a"), static options => options.Timeout(TimeSpan.FromDays(50))).AsTask());

        await engine.Store.EnqueueAsync([new NewJob { Id = "old", Queue = "default", Type = "work", Payload = """{"name":"a"}"""u8.ToArray(), MaxAttempts = 1, Timeout = TimeSpan.FromDays(3_000) }], 10);

        await engine.ReachesAsync("old", JobState.Completed);
    }

    [Fact, Trait("req", "J-05")]
    public async Task An_error_whose_text_cannot_be_read_ends_the_attempt_like_any_other()
    {
        await using var engine = await Engine.StartAsync(run: static (_, _, _) => throw new UnreadableException());

        var id = await engine.Client.EnqueueAsync(new Work("a"), static options => options.MaxAttempts(1));

        Assert.Contains(nameof(UnreadableException), (await engine.ReachesAsync(id, JobState.Dead)).Error, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-05")]
    public async Task An_observer_that_cannot_be_made_fails_the_start()
    {
        var start = Engine.StartAsync(configure: static builder =>
            builder.Services.AddSingleton<IJobObserver>(static _ => throw new InvalidOperationException("no such observer")));

        Assert.Equal("no such observer", (await Assert.ThrowsAsync<InvalidOperationException>(() => start)).Message);
    }

    private sealed class UnreadableException : Exception
    {
        public override string Message => throw new InvalidOperationException("no text");
    }
}
