using System.Text.Json;

namespace Millrace.Jobs.Tests.Enqueueing;

/// <summary>Flows as an application uses them.</summary>
[Trait("req", "J-10")]
public sealed class FlowTests
{
    [Fact]
    public async Task A_parent_gets_its_childrens_results_and_runs_after_them()
    {
        var ran = new List<string>();
        IReadOnlyList<int> sums = [];
        await using var engine = await Engine.StartAsync(run: async (work, context, token) =>
        {
            lock (ran)
            {
                ran.Add(work.Name);
            }

            if (work.Name == "sum")
            {
                sums = await context.GetResultsAsync<int>(token);
                context.SetResult(sums.Sum());
            }
            else
            {
                context.SetResult(work.Name.Length);
            }
        });
        var flow = new JobFlow();
        var children = new[] { "one", "three", "eleven" }.Select(name => flow.Add(new Work(name))).ToList();
        var sum = flow.Add(new Work("sum")).After(children);
        Assert.Throws<InvalidOperationException>(() => sum.Id);
        var ids = await engine.Client.EnqueueFlowAsync(flow);

        Assert.Equal(sum.Id, ids[3]);
        await engine.ReachesAsync(sum.Id, JobState.Completed);
        Assert.Equal([3, 5, 6], sums);
        Assert.Equal(14, await engine.Client.GetResultAsync<int>(sum.Id));
        Assert.Equal("sum", ran[^1]);
        var links = await engine.Client.GetLinksAsync(children[1].Id);
        Assert.Equal([new JobAddress("default", sum.Id)], links!.Before);
    }

    [Fact]
    public async Task A_batch_calls_back_on_success_on_failure_and_in_any_case()
    {
        await using var engine = await Engine.StartAsync(
            run: static (work, _, _) => work.Name == "bad" ? throw new UnrecoverableJobException("no") : Task.CompletedTask);
        var flow = new JobFlow();
        var jobs = new[] { flow.Add(new Work("good")), flow.Add(new Work("bad")) };
        var success = flow.Add(new Work("success")).After(jobs).When(JobCondition.AllCompletedOrCancel);
        var failure = flow.Add(new Work("failure")).After(jobs).When(JobCondition.AnyFailed);
        var anyway = flow.Add(new Work("anyway")).After(jobs).When(JobCondition.AllEnded);
        await engine.Client.EnqueueFlowAsync(flow);

        await engine.ReachesAsync(failure.Id, JobState.Completed);
        await engine.ReachesAsync(anyway.Id, JobState.Completed);
        Assert.Equal(JobState.Cancelled, (await engine.GetAsync(success.Id)).State);
    }

    [Fact]
    public async Task One_job_may_wait_for_others_that_were_enqueued_before()
    {
        var gate = new TaskCompletionSource();
        await using var engine = await Engine.StartAsync(run: (work, _, _) => work.Name == "first" ? gate.Task : Task.CompletedTask);
        var first = await engine.Client.EnqueueAsync(new Work("first"));
        var second = await engine.Client.EnqueueAsync(new Work("second"), options => options.After(first));
        Assert.Equal(JobState.Blocked, (await engine.GetAsync(second)).State);
        gate.SetResult();
        await engine.ReachesAsync(second, JobState.Completed);

        // One that has ended already is as good.
        await engine.ReachesAsync(await engine.Client.EnqueueAsync(new Work("third"), options => options.After(first, second)), JobState.Completed);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => engine.Client.EnqueueAsync(new Work("x"), static options => options.After("nobody")).AsTask());
        Assert.Contains("JobFlow", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flow_that_is_enqueued_again_is_the_same_flow()
    {
        await using var engine = await Engine.StartAsync(options: static options => options.RunWorkers = false);
        var flow = new JobFlow();
        flow.Add(new Work("b"));
        var last = flow.Add(new Work("c"), static options => options.Id("mine").Queue("other").Delay(TimeSpan.FromMinutes(1))).After(flow.Steps[0]);
        Assert.Equal("mine", last.Id);
        var ids = await engine.Client.EnqueueFlowAsync(flow);
        Assert.Equal(ids, await engine.Client.EnqueueFlowAsync(flow));
        Assert.Equal(2, (await engine.Client.ListAsync(new JobQuery())).Jobs.Count);
        Assert.Empty(await engine.Client.EnqueueFlowAsync(new JobFlow()));
    }

    [Fact]
    public async Task A_flow_that_cannot_be_is_refused_saying_why()
    {
        await using var engine = await Engine.StartAsync(options: static options => options.MaximumQueueLength = 2);
        var (flow, other) = (new JobFlow(), new JobFlow());
        var (first, stranger) = (flow.Add(new Work("a")), other.Add(new Work("b")));
        var second = flow.Add(new Work("c"));
        Assert.Contains("added before it", Assert.Throws<ArgumentException>(() => first.After(second)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => second.After(stranger));
        Assert.Throws<ArgumentException>(() => second.After(second));
        Assert.Throws<ArgumentOutOfRangeException>(() => second.When((JobCondition)9));
        Assert.Contains("unique key", Assert.Throws<ArgumentException>(() => flow.Add(new Work("d"), static options => options.Unique("k"))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => engine.Client.EnqueueAsync(new Work("x"), static options => options.Unique("k").After("y")).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => engine.Client.EnqueueManyAsync([new Work("x")], static options => options.After("y")).AsTask());

        flow.Add(new Work("e")).After(first);
        await Assert.ThrowsAsync<JobQueueFullException>(() => engine.Client.EnqueueFlowAsync(flow).AsTask());
        var large = new JobFlow();
        for (var i = 0; i < JobLimits.MaximumFlow; i++)
        {
            large.Add(new Work("x"));
        }

        Assert.Throws<InvalidOperationException>(() => large.Add(new Work("x")));
    }

    [Fact, Trait("req", "J-14")]
    public async Task Draining_a_queue_removes_its_blocked_jobs_too()
    {
        await using var engine = await Engine.StartAsync(options: static options => options.RunWorkers = false);
        var flow = new JobFlow();
        var first = flow.Add(new Work("a"), static options => options.Queue("other"));
        flow.Add(new Work("b")).After(first);
        await engine.Client.EnqueueFlowAsync(flow);
        Assert.Equal(1, await engine.Client.DrainQueueAsync("default"));
        Assert.Equal([first.Id], (await engine.Client.ListAsync(new JobQuery())).Jobs.Select(static job => job.Id));
    }

    [Fact]
    public async Task A_result_of_another_kind_is_an_error_that_says_so()
    {
        await using var engine = await Engine.StartAsync(
            options: static options => options.MaxAttempts = 1,
            run: static async (work, context, token) =>
            {
                if (work.Name == "b")
                {
                    await context.GetResultsAsync<int>(token);
                }

                context.SetResult("text");
            });
        var flow = new JobFlow();
        var second = flow.Add(new Work("a")) is var first ? flow.Add(new Work("b")).After(first) : null;
        await engine.Client.EnqueueFlowAsync(flow);
        await engine.ReachesAsync(second!.Id, JobState.Dead);
        Assert.Contains(nameof(JsonException), (await engine.GetAsync(second.Id)).Error, StringComparison.Ordinal);
    }
}
