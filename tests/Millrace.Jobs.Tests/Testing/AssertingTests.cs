using Millrace.Jobs.Testing;
using Millrace.Jobs.Tests.Calls;

namespace Millrace.Jobs.Tests.Testing;

public sealed class AssertingTests
{
    [Fact, Trait("req", "J-17")]
    public async Task Jobs_are_stored_and_not_run_and_returned_as_they_were_enqueued()
    {
        await using var subject = new Subject(static jobs => jobs.AddQueue("fast"));
        subject.Script.Run = static (_, _, _) => throw new InvalidOperationException("ran");
        await subject.StartHostedAsync();

        var id = await subject.Client.EnqueueAsync(new Work("a"), static o => o.Queue("fast").Delay(TimeSpan.FromMinutes(1)).Priority(3).MaxAttempts(2).Timeout(TimeSpan.FromSeconds(9)).Tag("t"));
        await subject.Client.EnqueueManyAsync([new Work("b"), new Work("c")]);

        var job = subject.Tester.AssertEnqueued<Work>(j => j.Name == "a", queue: "fast");
        Assert.Equal((id, "work", "fast", 3, 2), (job.Id, job.Type, job.Queue, job.Priority, job.MaxAttempts));
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(9), null, null), (job.Delay, job.Timeout, job.At, job.Schedule));
        Assert.Equal(["t"], job.Tags);
        Assert.Equal(new Work("a"), job.Job);
        Assert.Equal(["a", "b", "c"], subject.Tester.Enqueued<Work>().Select(static enqueued => enqueued.Job.Name));
        Assert.Equal(3, subject.Tester.Enqueued().Count);
        Assert.Equal(JobState.Scheduled, (await subject.Client.GetAsync(id))!.State);
        Assert.Empty(await subject.Client.GetWorkersAsync());
    }

    [Fact, Trait("req", "J-17")]
    public async Task What_is_missing_is_told_together_with_what_there_was_instead()
    {
        await using var subject = new Subject();
        var nothing = Assert.Throws<JobAssertionException>(() => subject.Tester.AssertEnqueued<Work>());
        await subject.Client.EnqueueAsync(new Work("a"), static o => o.Queue("fast").Tag("t").Priority(1));
        await subject.Client.EnqueueAsync<IPostbox>(x => x.SendAsync("b", default), static o => o.At(DateTimeOffset.UnixEpoch));
        var wrong = Assert.Throws<JobAssertionException>(() => subject.Tester.AssertEnqueued<Work>(j => j.Name == "z", queue: "slow"));

        Assert.Equal("Expected a job Work ('work') to be enqueued, but there was none. Nothing was enqueued.", nothing.Message);
        Assert.Equal(
            """
            Expected a job Work ('work') in queue 'slow' for which `j => j.Name == "z"` holds to be enqueued, but there was none. Enqueued were 2 jobs:
            - work in 'fast', priority 1, tagged t: {"name":"a"}
            - post.Send in 'default', at 1970-01-01 00:00:00Z: {"to":"b"}
            """.ReplaceLineEndings("\n"),
            wrong.Message);
    }

    [Fact, Trait("req", "J-17")]
    public async Task What_should_not_be_there_or_not_that_often_is_told_too()
    {
        await using var subject = new Subject();
        subject.Tester.AssertNothingEnqueued();
        subject.Tester.AssertNotEnqueued<Work>();
        await subject.Client.EnqueueManyAsync([new Work("a"), new Work("a"), new Work("b")]);

        subject.Tester.AssertEnqueued<Work>(j => j.Name == "a", times: 2);
        subject.Tester.AssertNotEnqueued<Work>(j => j.Name == "a", queue: "other");
        subject.Tester.AssertNotEnqueued<Work>(j => j.Name == "z");
        var one = Assert.Throws<JobAssertionException>(() => subject.Tester.AssertNotEnqueued<Work>(j => j.Name == "b"));
        var more = Assert.Throws<JobAssertionException>(() => subject.Tester.AssertEnqueued<Work>(times: 2));
        var any = Assert.Throws<JobAssertionException>(subject.Tester.AssertNothingEnqueued);
        Assert.Throws<ArgumentOutOfRangeException>(() => subject.Tester.AssertEnqueued<Work>(times: 0));

        Assert.StartsWith("Expected no job Work ('work') for which `j => j.Name == \"b\"` holds to be enqueued, but there was 1. Enqueued were 3 jobs:", one.Message, StringComparison.Ordinal);
        Assert.StartsWith("Expected 2 times a job Work ('work') to be enqueued, but there were 3.", more.Message, StringComparison.Ordinal);
        Assert.StartsWith("Expected no job to be enqueued, but there were 3.", any.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-17")]
    public async Task Calls_are_told_by_their_arguments()
    {
        await using var subject = new Subject();
        var letter = new Letter("ada", "hello");
        await subject.Client.EnqueueAsync<IPostbox>(x => x.DeliverAsync(letter, CancellationToken.None), static o => o.Queue("mail"));
        await subject.Client.EnqueueAsync<IPostbox>(x => x.Drop(3));
        await subject.Client.EnqueueAsync<IPostbox>(x => x.SendLaterAsync("a", DateTimeOffset.UnixEpoch));

        var job = subject.Tester.AssertEnqueued<IPostbox>(x => x.DeliverAsync(new Letter("ada", "hello"), default), queue: "mail");
        subject.Tester.AssertEnqueued<IPostbox>(x => x.Drop(3), times: 1);
        subject.Tester.AssertEnqueued<IPostbox>(x => x.SendLaterAsync("a", DateTimeOffset.UnixEpoch));
        subject.Tester.AssertNotEnqueued<IPostbox>(x => x.DeliverAsync(new Letter("grace", "hello"), default));
        subject.Tester.AssertNotEnqueued<IPostbox>(x => x.Drop(3), queue: "mail");
        subject.Tester.AssertNotEnqueued<IPostbox>(x => x.SendLaterAsync("b", DateTimeOffset.UnixEpoch));
        var error = Assert.Throws<JobAssertionException>(() => subject.Tester.AssertEnqueued<IPostbox>(x => x.Drop(4)));

        Assert.Equal("post.Deliver", job.Type);
        Assert.StartsWith("""Expected a call 'post.Drop' with {"count":4} to be enqueued, but there was none.""", error.Message, StringComparison.Ordinal);
        Assert.Contains("""post.Drop in 'default': {"count":3}""", error.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-17")]
    public async Task A_job_whose_id_is_known_was_not_enqueued_again()
    {
        await using var subject = new Subject();
        await subject.Client.EnqueueAsync(new Work("a"), static o => o.Id("x"));
        await subject.Client.EnqueueAsync(new Work("b"), static o => o.Id("x"));

        Assert.Equal("a", subject.Tester.AssertEnqueued<Work>(times: 1).Job.Name);
    }

    [Fact, Trait("req", "J-17")]
    public async Task A_type_without_a_handler_and_a_job_that_no_worker_could_read_are_errors()
    {
        await using var subject = new Subject(static jobs => jobs.AddHandler<OneWay, OneWayHandler>("one-way"));
        await subject.Client.EnqueueAsync(new OneWay(TimeProvider.System));

        Assert.Throws<InvalidOperationException>(() => subject.Tester.AssertEnqueued<string>());
        var error = Assert.Throws<JobAssertionException>(() => subject.Tester.AssertEnqueued<OneWay>());
        Assert.Contains("no worker could run it", error.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-17")]
    public async Task Long_lists_and_payloads_are_cut()
    {
        await using var subject = new Subject();
        await subject.Client.EnqueueManyAsync([.. Enumerable.Range(0, 50).Select(static n => new Work(new string('x', 1_000)))]);

        var error = Assert.Throws<JobAssertionException>(subject.Tester.AssertNothingEnqueued);

        Assert.EndsWith("- and 20 more", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 1_000, 12_000);
    }

    [Fact, Trait("req", "J-17")]
    public async Task A_reset_starts_afresh()
    {
        await using var subject = new Subject(static jobs => jobs.AddSchedule("hourly", "0 * * * *", new Work("tick")));
        await subject.Client.EnqueueManyAsync([.. Enumerable.Range(0, 1_200).Select(static n => new Work($"{n}"))]);
        await subject.Client.EnqueueAsync(new Work("x"), static o => o.Id("x"));
        await subject.Tester.DrainAsync(new JobDrainOptions { Queues = [] });

        await subject.Tester.ResetAsync();

        subject.Tester.AssertNothingEnqueued();
        Assert.Empty((await subject.Client.ListAsync(new JobQuery())).Jobs);
        Assert.Single(await subject.Client.GetSchedulesAsync());
        await subject.Client.EnqueueAsync(new Work("again"), static o => o.Id("x"));
        Assert.Equal("again", subject.Tester.AssertEnqueued<Work>(times: 1).Job.Name);
    }

    private sealed record OneWay(TimeProvider Clock);

    private sealed class OneWayHandler : IJobHandler<OneWay>
    {
        public Task HandleAsync(OneWay job, JobContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
