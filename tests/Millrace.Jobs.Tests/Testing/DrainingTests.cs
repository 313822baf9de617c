using Millrace.Jobs.Testing;
using Millrace.Jobs.Tests.Calls;

namespace Millrace.Jobs.Tests.Testing;

public sealed class DrainingTests
{
    [Fact, Trait("req", "J-17")]
    public async Task A_drain_runs_what_is_due_in_order_and_what_that_enqueues()
    {
        await using var subject = new Subject(static jobs => jobs.AddQueue("first").AddQueue("second"));
        var order = new List<string>();
        subject.Script.Run = async (job, _, stop) =>
        {
            order.Add(job.Name);
            if (job.Name == "parent")
            {
                await subject.Client.EnqueueAsync(new Work("child"), cancellationToken: stop);
            }
        };
        await subject.Client.EnqueueAsync(new Work("parent"));
        await subject.Client.EnqueueAsync(new Work("urgent"), static o => o.Priority(5));
        await subject.Client.EnqueueAsync(new Work("two"), static o => o.Queue("second"));
        await subject.Client.EnqueueAsync(new Work("one"), static o => o.Queue("first"));
        await subject.Client.EnqueueAsync(new Work("later"), static o => o.Delay(TimeSpan.FromTicks(1)));

        var result = await subject.Tester.DrainAsync();
        var nothing = await subject.Tester.DrainAsync();

        Assert.Equal(["one", "two", "urgent", "parent", "child"], order);
        Assert.Equal((5, 0, 0, 0, 0), (result.Completed, result.Retried, result.Dead, result.Snoozed, result.Cancelled));
        Assert.Equal(["first", "second", "default", "default", "default"], result.Runs.Select(static run => run.Queue));
        Assert.Empty(result.ThrowIfFailed().Failures);
        Assert.Empty(nothing.Runs);
        subject.Tester.AssertEnqueued<Work>(j => j.Name == "child");
        Assert.Equal(5, (await subject.Client.GetStatisticsAsync()).Totals.Where(static total => total.Status == "completed").Sum(static total => total.Count));
    }

    [Fact, Trait("req", "J-17")]
    public async Task Errors_are_returned_as_they_were_thrown_and_the_job_goes_on_as_its_policy_says()
    {
        await using var subject = new Subject();
        subject.Script.Run = static (job, _, _) => job.Name switch
        {
            "bad" => throw new IOException("the disk is full"),
            "worse" => throw new UnrecoverableJobException("never"),
            _ => Task.CompletedTask,
        };
        var bad = await subject.Client.EnqueueAsync(new Work("bad"));
        await subject.Client.EnqueueManyAsync([new Work("worse"), new Work("good")]);

        var result = await subject.Tester.DrainAsync();
        var failed = Assert.Throws<JobAssertionException>(() => result.ThrowIfFailed());

        Assert.Equal((1, 1, 1), (result.Completed, result.Retried, result.Dead));
        Assert.Equal(bad, result.Failures[0].Id);
        Assert.Equal("the disk is full", Assert.IsType<IOException>(result.Failures[0].Error).Message);
        Assert.Equal(TimeSpan.FromSeconds(10), result.Failures[0].Delay);
        Assert.Same(result.Failures[0].Error, failed.InnerException);
        Assert.Contains("2 of 3 attempts failed:\n- work, attempt 1, Retry: IOException: the disk is full\n- work, attempt 1, Dead: UnrecoverableJobException: never", failed.Message, StringComparison.Ordinal);
        Assert.Equal((JobState.Scheduled, 1), ((await subject.Client.GetAsync(bad))!.State, (await subject.Client.GetAsync(bad))!.Attempt));
    }

    [Fact, Trait("req", "J-17")]
    public async Task Retries_are_run_to_their_end_when_they_are_asked_for()
    {
        await using var subject = new Subject();
        subject.Script.Run = static (_, context, _) => context.Attempt < 4 ? throw new IOException($"{context.Attempt}") : Task.CompletedTask;
        await subject.Client.EnqueueAsync(new Work("a"));
        await subject.Client.EnqueueAsync(new Work("b"), static o => o.MaxAttempts(2));
        await subject.Tester.DrainAsync();

        var result = await subject.Tester.DrainAsync(new JobDrainOptions { Retries = true }); // also those of the drain before

        Assert.Equal([(2, FinishKind.Retry), (2, FinishKind.Dead), (3, FinishKind.Retry), (4, FinishKind.Completed)], result.Runs.Select(static run => (run.Attempt, run.Outcome)));
        Assert.Equal(subject.Clock.StartedAt.AddSeconds(10 + 20 + 40), subject.Clock.GetUtcNow());
    }

    [Fact, Trait("req", "J-17")]
    public async Task Snoozes_are_run_when_they_are_asked_for_and_do_not_count()
    {
        await using var subject = new Subject();
        var polls = 0;
        subject.Script.Run = (_, context, _) =>
        {
            if (++polls < 3)
            {
                context.Snooze(TimeSpan.FromMinutes(5));
            }

            return Task.CompletedTask;
        };
        await subject.Client.EnqueueAsync(new Work("a"));

        var first = await subject.Tester.DrainAsync(new JobDrainOptions { Retries = true });
        var rest = await subject.Tester.DrainAsync(new JobDrainOptions { Snoozes = true });

        Assert.Equal((1, TimeSpan.FromMinutes(5)), (first.Snoozed, first.Runs[0].Delay));
        Assert.Equal([(1, FinishKind.Snoozed), (1, FinishKind.Completed)], rest.Runs.Select(static run => (run.Attempt, run.Outcome)));
        Assert.Equal(subject.Clock.StartedAt.AddMinutes(10), subject.Clock.GetUtcNow());
    }

    [Fact, Trait("req", "J-17")]
    public async Task Schedules_fire_when_their_time_has_come_and_missed_ticks_are_made_up_for_by_one()
    {
        await using var subject = new Subject(static jobs => jobs
            .AddSchedule("hourly", "0 * * * *", new Work("tick"))
            .AddSchedule<IPostbox>("daily", "0 8 * * *", x => x.Drop(8)));
        subject.Clock.Advance(TimeSpan.FromMinutes(59)); // before the tester was asked for anything
        Assert.Empty((await subject.Tester.DrainAsync()).Runs);

        subject.Clock.Advance(TimeSpan.FromHours(3));
        var without = await subject.Tester.DrainAsync(new JobDrainOptions { Schedules = false });
        var with = await subject.Tester.DrainAsync();

        Assert.Empty(without.Runs);
        Assert.Equal(1, with.Completed);
        Assert.Equal("hourly", subject.Tester.AssertEnqueued<Work>(times: 1).Schedule);
        subject.Tester.AssertNotEnqueued<IPostbox>(x => x.Drop(8));
        Assert.Equal(2, (await subject.Client.GetSchedulesAsync()).Count);
    }

    [Fact, Trait("req", "J-17")]
    public async Task Time_passes_through_every_tick_delay_and_retry()
    {
        await using var subject = new Subject(static jobs => jobs.AddSchedule("hourly", "0 * * * *", new Work("tick")));
        var log = new List<(string, TimeSpan)>();
        subject.Script.Run = (job, context, _) =>
        {
            log.Add((job.Name, subject.Clock.GetUtcNow() - subject.Clock.StartedAt));
            return job.Name == "flaky" && context.Attempt == 1 ? throw new IOException() : Task.CompletedTask;
        };
        await subject.Client.EnqueueAsync(new Work("now"));
        await subject.Client.EnqueueAsync(new Work("flaky"), static o => o.Delay(TimeSpan.FromMinutes(90)));
        await subject.Client.EnqueueAsync(new Work("at"), o => o.At(subject.Clock.StartedAt.AddHours(2.5)));
        await subject.Client.EnqueueAsync(new Work("tomorrow"), static o => o.Delay(TimeSpan.FromDays(1)));

        var result = await subject.Tester.AdvanceAsync(TimeSpan.FromHours(3));

        Assert.Equal(
            [
                ("now", TimeSpan.Zero), ("tick", TimeSpan.FromHours(1)), ("flaky", TimeSpan.FromMinutes(90)), ("flaky", TimeSpan.FromMinutes(90) + TimeSpan.FromSeconds(10)),
                ("tick", TimeSpan.FromHours(2)), ("at", TimeSpan.FromHours(2.5)), ("tick", TimeSpan.FromHours(3)),
            ],
            log);
        Assert.Equal((6, 1), (result.Completed, result.Retried));
        Assert.Equal(subject.Clock.StartedAt.AddHours(3), subject.Clock.GetUtcNow());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => subject.Tester.AdvanceAsync(TimeSpan.FromTicks(-1)));
    }

    [Fact, Trait("req", "J-17")]
    public async Task Only_the_queues_that_are_asked_for_are_drained_and_those_that_nobody_serves_are_named()
    {
        await using var subject = new Subject(static jobs => jobs.AddQueue("mail"));
        await subject.Client.EnqueueAsync(new Work("a"), static o => o.Queue("mail"));
        await subject.Client.EnqueueAsync(new Work("b"), static o => o.Queue("mial"));
        await subject.Client.EnqueueAsync(new Work("c"));
        await subject.Client.PauseQueueAsync("default");

        var none = await subject.Tester.DrainAsync(new JobDrainOptions { Queues = ["default"] });
        var all = await subject.Tester.DrainAsync();
        var advanced = await subject.Tester.AdvanceAsync(TimeSpan.FromDays(1));

        Assert.Empty(none.Runs);
        Assert.Equal("mail", Assert.Single(all.Runs).Queue);
        Assert.Equal(["mial"], all.UnservedQueues);
        Assert.Empty(advanced.Runs);
        Assert.Contains(await subject.Client.GetQueuesAsync(), static queue => queue is { Name: "mail", Concurrency: > 0 });
    }

    [Fact, Trait("req", "J-17")]
    public async Task Jobs_that_go_on_for_ever_are_stopped_with_a_word()
    {
        await using var subject = new Subject();
        subject.Script.Run = (job, context, stop) =>
        {
            context.Snooze(TimeSpan.Zero);
            return Task.CompletedTask;
        };
        await subject.Client.EnqueueAsync(new Work("a"));

        var drain = await Assert.ThrowsAsync<InvalidOperationException>(() => subject.Tester.DrainAsync(new JobDrainOptions { MaximumRuns = 50 }));
        var advance = await Assert.ThrowsAsync<InvalidOperationException>(() => subject.Tester.AdvanceAsync(TimeSpan.FromDays(1), new JobDrainOptions { MaximumRuns = 50 }));

        Assert.Contains("has run 50 attempts", drain.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(JobDrainOptions.MaximumRuns), advance.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-17")]
    public async Task A_clock_that_cannot_be_moved_is_an_error_with_the_remedy()
    {
        await using var subject = new Subject(testClock: false);
        await subject.Client.EnqueueAsync(new Work("a"));

        var advance = await Assert.ThrowsAsync<InvalidOperationException>(() => subject.Tester.AdvanceAsync(TimeSpan.FromDays(1)));
        var retries = await Assert.ThrowsAsync<InvalidOperationException>(() => subject.Tester.DrainAsync(new JobDrainOptions { Retries = true }));

        Assert.Contains("JobTestingOptions.Clock", advance.Message, StringComparison.Ordinal);
        Assert.Equal(advance.Message, retries.Message);
        Assert.Equal(1, (await subject.Tester.DrainAsync()).Completed);
    }

    [Fact, Trait("req", "J-17")]
    public async Task A_handler_can_cancel_its_own_job_and_a_test_the_job_that_runs()
    {
        await using var subject = new Subject();
        using var test = new CancellationTokenSource();
        subject.Script.Run = async (job, context, stop) =>
        {
            await (job.Name == "own" ? subject.Client.CancelAsync(context.Id, CancellationToken.None).AsTask() : test.CancelAsync());
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop).WaitAsync(Engine.Guard, CancellationToken.None);
        };
        await subject.Client.EnqueueAsync(new Work("own"));
        var result = await subject.Tester.DrainAsync();
        await subject.Client.EnqueueAsync(new Work("test"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => subject.Tester.DrainAsync(cancellationToken: test.Token));

        Assert.Equal((1, 0), (result.Cancelled, result.Failures.Count));
        Assert.All((await subject.Client.ListAsync(new JobQuery())).Jobs, static job => Assert.Equal(JobState.Cancelled, job.State));
    }

    [Fact, Trait("req", "J-17")]
    public async Task A_timeout_follows_the_test_clock()
    {
        await using var subject = new Subject();
        subject.Script.Run = (_, _, stop) =>
        {
            subject.Clock.Advance(TimeSpan.FromMinutes(5));
            return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop).WaitAsync(Engine.Guard, CancellationToken.None);
        };
        await subject.Client.EnqueueAsync(new Work("a"), static o => o.Timeout(TimeSpan.FromMinutes(5)));

        Assert.IsType<TimeoutException>(Assert.Single((await subject.Tester.DrainAsync()).Failures).Error);
    }

    [Fact, Trait("req", "J-17")]
    public async Task Observers_of_a_host_that_was_started_are_told()
    {
        await using var subject = new Subject();
        await subject.StartHostedAsync();
        var id = await subject.Client.EnqueueAsync(new Work("a"));
        await subject.Tester.DrainAsync();

        await subject.Changes.WaitForAsync(change => change.Id == id && change.State == JobState.Completed);
        Assert.Equal([JobState.Waiting, JobState.Running, JobState.Completed], subject.Changes.Changes.Select(static change => change.State!.Value));
    }

    [Fact, Trait("req", "J-17")]
    public async Task A_job_that_is_deleted_while_it_is_retried_is_passed_over()
    {
        await using var subject = new Subject();
        subject.Script.Run = static (_, _, _) => throw new IOException();
        var id = await subject.Client.EnqueueAsync(new Work("a"));
        await subject.Tester.DrainAsync();
        await subject.Client.DeleteAsync(id);

        Assert.Empty((await subject.Tester.DrainAsync(new JobDrainOptions { Retries = true })).Runs);
        Assert.Equal(subject.Clock.StartedAt, subject.Clock.GetUtcNow());
    }
}
