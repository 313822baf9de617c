using Millrace.Jobs.Testing;
using Millrace.Jobs.Tests.Calls;

namespace Millrace.Jobs.Tests.Testing;

public sealed class InlineTests
{
    [Fact, Trait("req", "J-17")]
    public async Task A_job_has_run_when_its_enqueue_returns()
    {
        await using var subject = new Subject(inline: true);
        var ran = new List<string>();
        subject.Script.Run = (job, context, stop) =>
        {
            ran.Add(job.Name);
            return context.ReportProgressAsync(80, null, stop).AsTask();
        };

        var id = await subject.Client.EnqueueAsync(new Work("a"));
        await subject.Client.EnqueueManyAsync([new Work("b"), new Work("c")]);
        await subject.Client.EnqueueAsync<IPostbox>(x => x.Drop(1));

        Assert.Equal(["a", "b", "c"], ran);
        Assert.Single(subject.Post.Calls);
        var job = await subject.Client.GetAsync(id);
        Assert.Equal((JobState.Completed, 1, 80), (job!.State, job.Attempt, job.ProgressPercent));
        subject.Tester.AssertEnqueued<Work>(times: 3);
        Assert.Empty((await subject.Tester.DrainAsync()).Runs);
    }

    [Fact, Trait("req", "J-17")]
    public async Task Its_error_is_thrown_to_the_caller_as_it_was_and_the_job_is_retried_or_dead()
    {
        await using var subject = new Subject(inline: true);
        subject.Script.Run = static (job, _, _) => job.Name == "bad" ? throw new IOException("mine") : Task.CompletedTask;

        var error = await Assert.ThrowsAsync<IOException>(async () => await subject.Client.EnqueueManyAsync([new Work("good"), new Work("bad"), new Work("behind")]));

        Assert.Equal("mine", error.Message);
        var states = (await subject.Client.ListAsync(new JobQuery())).Jobs.ToDictionary(static job => job.Id, static job => job.State);
        Assert.Equal([JobState.Completed, JobState.Scheduled, JobState.Waiting], subject.Tester.Enqueued<Work>().Select(job => states[job.Id]));
        Assert.Equal(1, (await subject.Tester.DrainAsync()).Completed);
    }

    [Fact, Trait("req", "J-17")]
    public async Task What_is_delayed_paused_or_not_served_waits()
    {
        await using var subject = new Subject(static jobs => jobs.AddQueue("mail"), inline: true);
        await subject.Client.PauseQueueAsync("mail");

        await subject.Client.EnqueueAsync(new Work("a"), static o => o.Delay(TimeSpan.FromMinutes(1)));
        await subject.Client.EnqueueAsync(new Work("b"), o => o.At(subject.Clock.GetUtcNow().AddMinutes(1)));
        await subject.Client.EnqueueAsync(new Work("c"), static o => o.Queue("mail"));
        await subject.Client.EnqueueAsync(new Work("d"), static o => o.Queue("nowhere"));
        var past = await subject.Client.EnqueueAsync(new Work("e"), static o => o.At(DateTimeOffset.UnixEpoch));

        Assert.Equal(past, Assert.Single((await subject.Client.ListAsync(new JobQuery { State = JobState.Completed })).Jobs).Id);
        Assert.Equal(2, (await subject.Tester.AdvanceAsync(TimeSpan.FromMinutes(1))).Completed);
    }

    [Fact, Trait("req", "J-17")]
    public async Task Exactly_the_enqueued_job_runs_and_the_others_keep_their_place()
    {
        await using var subject = new Subject(static jobs => jobs.AddQueue("mail"), inline: true);
        await subject.Client.PauseQueueAsync("default");
        await subject.Client.EnqueueManyAsync([.. Enumerable.Range(0, JobLimits.MaximumBatch + 5).Select(static n => new Work($"{n}"))], static o => o.Priority(9));
        await subject.Client.ResumeQueueAsync("default");
        var ran = new List<string>();
        subject.Script.Run = (job, _, _) =>
        {
            ran.Add(job.Name);
            return Task.CompletedTask;
        };

        await subject.Client.EnqueueAsync(new Work("last"));
        Assert.Equal(["last"], ran);
        await subject.Tester.DrainAsync();

        Assert.Equal(Enumerable.Range(0, JobLimits.MaximumBatch + 5).Select(static n => $"{n}").Prepend("last"), ran);
        Assert.All((await subject.Client.ListAsync(new JobQuery { PageSize = 500 })).Jobs, static job => Assert.Equal(1, job.Attempt));
    }

    [Fact, Trait("req", "J-17")]
    public async Task Jobs_run_within_jobs_and_beside_each_other_but_not_for_ever()
    {
        await using var subject = new Subject(inline: true, options: static options => options.MaxAttempts = 1);
        subject.Script.Run = async (job, _, stop) =>
        {
            var left = int.Parse(job.Name, System.Globalization.CultureInfo.InvariantCulture);
            if (left != 0)
            {
                await subject.Client.EnqueueAsync(new Work($"{left - 1}"), cancellationToken: stop);
            }
        };

        await subject.Client.EnqueueAsync(new Work("20"));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(n => Task.Run(() => subject.Client.EnqueueAsync(new Work("5")).AsTask())));
        Assert.Equal(21 + (20 * 6), (await subject.Client.GetQueuesAsync()).Single(static queue => queue.Name == "default").Completed);
        var endless = await Assert.ThrowsAsync<InvalidOperationException>(async () => await subject.Client.EnqueueAsync(new Work("-1")));

        Assert.Contains("enqueue each other for ever", endless.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-17")]
    public async Task A_job_does_not_see_what_is_ambient_in_the_code_that_enqueues_it()
    {
        await using var subject = new Subject(inline: true);
        var ambient = new AsyncLocal<string> { Value = "the request" };
        string? seen = "nothing ran";
        subject.Script.Run = (_, _, _) =>
        {
            seen = ambient.Value;
            return Task.CompletedTask;
        };

        await subject.Client.EnqueueAsync(new Work("a"));

        Assert.Null(seen);
        Assert.Equal("the request", ambient.Value);
    }

    [Fact, Trait("req", "J-17")]
    public async Task A_snooze_is_no_error()
    {
        await using var subject = new Subject(inline: true);
        subject.Script.Run = static (_, context, _) =>
        {
            context.Snooze(TimeSpan.FromMinutes(1));
            return Task.CompletedTask;
        };

        var id = await subject.Client.EnqueueAsync(new Work("a"));

        Assert.Equal((JobState.Scheduled, 0), ((await subject.Client.GetAsync(id))!.State, (await subject.Client.GetAsync(id))!.Attempt));
    }
}
