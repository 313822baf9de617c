namespace Millrace.Jobs.Tests;

public sealed class OperationsTests
{
    [Fact, Trait("req", "J-06")]
    public async Task All_dead_jobs_that_a_query_finds_are_put_back_and_no_others()
    {
        await using var engine = await Engine.StartAsync(run: static (_, _, _) => throw new UnrecoverableJobException("boom"));
        var ids = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            ids.Add(await engine.Client.EnqueueAsync(new Work("a"), options => options.Tag(i % 2 == 0 ? "even" : "odd")));
            await engine.ReachesAsync(ids[^1], JobState.Dead);
        }

        engine.Script.Run = static (_, _, _) => Task.CompletedTask;
        Assert.Equal(4, await engine.Client.RetryAllAsync(new JobQuery { Tag = "even" }));
        await engine.ReachesAsync(ids[6], JobState.Completed);
        Assert.Equal(3, (await engine.Client.ListAsync(new JobQuery { State = JobState.Dead })).Jobs.Count);
        await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.RetryAllAsync(new JobQuery { State = JobState.Completed }));
    }

    [Fact, Trait("req", "J-14")]
    public async Task Draining_a_queue_removes_what_is_pending_and_nothing_else()
    {
        await using var engine = await Engine.StartAsync();
        var done = await engine.Client.EnqueueAsync(new Work("done"));
        await engine.ReachesAsync(done, JobState.Completed);
        await engine.Client.PauseQueueAsync("default");
        await engine.Client.EnqueueManyAsync(Enumerable.Range(0, 1_200).Select(static _ => new Work("a")).ToArray());
        await engine.Client.EnqueueAsync(new Work("later"), static options => options.Delay(TimeSpan.FromDays(1)));
        await engine.Client.EnqueueAsync(new Work("other"), static options => options.Queue("other"));

        Assert.Equal(1_201, await engine.Client.DrainQueueAsync("default"));
        Assert.NotNull(await engine.Client.GetAsync(done));
        Assert.Equal(1, Assert.Single(await engine.Client.GetQueuesAsync(), static queue => queue.Name == "other").Waiting);
    }

    [Fact, Trait("req", "J-14")]
    public async Task Obliterating_a_queue_stops_what_runs_and_removes_the_rest()
    {
        await using var engine = await Engine.StartAsync(run: static (_, _, stop) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop));
        var running = await engine.Client.EnqueueAsync(new Work("a"));
        await engine.ReachesAsync(running, JobState.Running);
        await engine.Client.EnqueueAsync(new Work("later"), static options => options.Delay(TimeSpan.FromDays(1)));

        Assert.InRange(await engine.Client.ObliterateQueueAsync("default"), 1, 2);
        await engine.ReachesAsync(running, JobState.Cancelled);
        await engine.Client.ObliterateQueueAsync("default");

        var queue = Assert.Single(await engine.Client.GetQueuesAsync());
        Assert.Equal((true, 0L), (queue.Paused, queue.Waiting + queue.Delayed + queue.Running + queue.Cancelled));
    }

    [Fact, Trait("req", "J-08")]
    public async Task All_jobs_that_a_query_finds_are_cancelled()
    {
        await using var engine = await Engine.StartAsync(options: static options => options.RunWorkers = false);
        await engine.Client.EnqueueManyAsync(new[] { new Work("a"), new Work("b"), new Work("c") }, static options => options.Tag("t"));
        await engine.Client.EnqueueAsync(new Work("d"));

        Assert.Equal(3, await engine.Client.CancelAllAsync(new JobQuery { Tag = "t" }));
        Assert.Equal(3, (await engine.Client.ListAsync(new JobQuery { State = JobState.Cancelled })).Jobs.Count);
    }

    [Fact, Trait("req", "J-07")]
    public async Task A_result_can_be_waited_for_and_read()
    {
        var gate = new Gate();
        await using var engine = await Engine.StartAsync(run: async (_, context, stop) =>
        {
            await gate.WaitAsync(stop);
            context.SetResult(new Answer(42));
        });
        var id = await engine.Client.EnqueueAsync(new Work("a"));
        var end = engine.Client.WaitForEndAsync(id);
        Assert.Null(await engine.Client.GetResultAsync<Answer>(id));
        gate.Open();
        await engine.ReachesAsync(id, JobState.Completed);
        engine.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(JobState.Completed, (await end.WaitAsync(Engine.Guard))!.State);
        Assert.Equal(42, (await engine.Client.GetResultAsync<Answer>(id))!.Number);
        Assert.Null(await engine.Client.WaitForEndAsync("nobody"));
    }

    private sealed record Answer(int Number);
}
