using Millrace.Jobs.Testing;
using Millrace.Jobs.Tests.Calls;

namespace Millrace.Jobs.Tests.Testing;

public sealed class RunningOnceTests
{
    [Fact, Trait("req", "J-17")]
    public async Task One_attempt_runs_with_its_context_apart_from_all_others()
    {
        await using var subject = new Subject();
        JobContext? context = null;
        subject.Script.Run = async (job, given, stop) =>
        {
            context = given;
            await given.ReportProgressAsync(30, "on the way", stop);
            await subject.Client.EnqueueAsync(new Work("next"), cancellationToken: stop);
        };
        var other = await subject.Client.EnqueueAsync(new Work("other"));

        var run = await subject.Tester.RunAsync(new Work("a"), static o => o.Queue("anywhere").Tag("t").Id("x").Delay(TimeSpan.FromDays(1)), attempt: 3);

        Assert.Equal(("x", "work", "anywhere", 3, FinishKind.Completed), (run.Id, run.Type, run.Queue, run.Attempt, run.Outcome));
        Assert.Equal((30, "on the way", JobState.Completed), (run.Job!.ProgressPercent, run.Job.ProgressMessage, run.Job.State));
        Assert.Equal((3, "t"), (context!.Attempt, Assert.Single(context.Tags)));
        Assert.Null(run.ThrowIfFailed().Error);
        Assert.Equal(["other", "next"], subject.Tester.Enqueued<Work>().Select(static job => job.Job.Name));
        Assert.Null(await subject.Client.GetAsync("x"));
        Assert.Equal(JobState.Waiting, (await subject.Client.GetAsync(other))!.State);
    }

    [Fact, Trait("req", "J-17")]
    public async Task How_it_ended_is_told_for_every_end()
    {
        await using var subject = new Subject();
        using var cancelling = new CancellationTokenSource();
        subject.Script.Run = async (job, context, stop) =>
        {
            switch (job.Name)
            {
                case "fails":
                    throw new IOException("mine");
                case "snoozes":
                    context.Snooze(TimeSpan.FromMinutes(2));
                    return;
                default:
                    await cancelling.CancelAsync();
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop).WaitAsync(Engine.Guard, CancellationToken.None);
                    return;
            }
        };

        var first = await subject.Tester.RunAsync(new Work("fails"), static o => o.MaxAttempts(2));
        var last = await subject.Tester.RunAsync(new Work("fails"), static o => o.MaxAttempts(2), attempt: 2);
        var snoozed = await subject.Tester.RunAsync(new Work("snoozes"));
        var cancelled = await subject.Tester.RunAsync(new Work("is cancelled"), cancellationToken: cancelling.Token);

        Assert.Equal((FinishKind.Retry, TimeSpan.FromSeconds(10), "mine"), (first.Outcome, first.Delay, first.Error!.Message));
        Assert.Equal((FinishKind.Dead, JobState.Dead), (last.Outcome, last.Job!.State));
        Assert.Equal((FinishKind.Snoozed, TimeSpan.FromMinutes(2), null), (snoozed.Outcome, snoozed.Delay, snoozed.Error));
        Assert.Equal((FinishKind.Cancelled, JobState.Cancelled, null), (cancelled.Outcome, cancelled.Job!.State, cancelled.Error));
        var error = Assert.Throws<JobAssertionException>(() => first.ThrowIfFailed());
        Assert.Contains("Attempt 1 of the job", error.Message, StringComparison.Ordinal);
        Assert.Same(first.Error, error.InnerException);
    }

    [Fact, Trait("req", "J-17")]
    public async Task An_attempt_that_the_job_does_not_have_is_refused()
    {
        await using var subject = new Subject();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => subject.Tester.RunAsync(new Work("a"), attempt: 0));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => subject.Tester.RunAsync(new Work("a"), static o => o.MaxAttempts(2), attempt: 3));
        await Assert.ThrowsAsync<InvalidOperationException>(() => subject.Tester.RunAsync("no job"));
    }

    [Fact, Trait("req", "J-17")]
    public async Task A_call_runs_with_its_arguments_written_and_read_and_its_result_is_there()
    {
        await using var subject = new Subject();
        subject.Post.Result = new Receipt("RX", 2);

        var task = await subject.Tester.RunAsync<IPostbox>(x => x.DeliverAsync(new Letter("a", "b"), default));
        var value = await subject.Tester.RunAsync<IPostbox>(x => x.SendLaterAsync("a", DateTimeOffset.UnixEpoch));
        var nothing = await subject.Tester.RunAsync<IPostbox>(x => x.Drop(3), attempt: 2);

        Assert.Equal(new Receipt("RX", 2), task.GetResult<Receipt>());
        Assert.Equal((FinishKind.Completed, null), (value.Outcome, value.GetResult<Receipt>()));
        Assert.Equal(2, nothing.Attempt);
        Assert.Equal([new Letter("a", "b"), "a", 3], subject.Post.Calls.Select(static call => call.Arguments[0]));
    }
}
