using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Jobs.Tests.Calls;

public sealed class RunningCallsTests
{
    [Fact, Trait("req", "J-02")]
    public async Task Arguments_of_every_kind_arrive_as_they_were()
    {
        var (engine, script) = await CallEngine.StartAsync();
        await using var _1 = engine;
        var (id, day) = (Guid.NewGuid(), DayOfWeek.Saturday);
        var letter = new Letter("ada", "dear \"Ada\"\n") { Pages = 3, Reply = new Letter("me", "") };
        int? none = null;
        var weights = new Dictionary<string, int> { ["é"] = 1 };

        var first = await engine.Client.EnqueueAsync<IPostbox>(x => x.KindsAsync(5, day, id, new DateOnly(2026, 2, 28), TimeSpan.FromTicks(7), 1.10m, letter, new byte[] { 1, 0xFF }));
        await engine.ReachesAsync(first, JobState.Completed);
        var second = await engine.Client.EnqueueAsync<IPostbox>(x => x.KindsAsync(none, default, Guid.Empty, DateOnly.MinValue, TimeSpan.MinValue, decimal.MaxValue, null, null!));
        await engine.ReachesAsync(second, JobState.Completed);
        var third = await engine.Client.EnqueueAsync<IPostbox>(x => x.ManyAsync(new List<string> { "a", "b" }, weights, 1, 2, 3));
        await engine.ReachesAsync(third, JobState.Completed);

        var calls = script.Calls.Select(static call => call.Arguments).ToList();
        Assert.Equal([5, day, id, new DateOnly(2026, 2, 28), TimeSpan.FromTicks(7), 1.10m, letter, new byte[] { 1, 0xFF }], calls[0]);
        Assert.Equal([null, DayOfWeek.Sunday, Guid.Empty, DateOnly.MinValue, TimeSpan.MinValue, decimal.MaxValue, null, null], calls[1]);
        Assert.Equal(["a", "b"], (IReadOnlyList<string>)calls[2][0]!);
        Assert.Equal(weights, calls[2][1]);
        Assert.Equal([1, 2, 3], (int[])calls[2][2]!);
    }

    [Fact, Trait("req", "J-02")]
    public async Task Context_and_tokens_are_those_of_the_attempt()
    {
        JobContext? context = null;
        var (engine, script) = await CallEngine.StartAsync(run: arguments =>
        {
            context = (JobContext)arguments[0]!;
            return context.ReportProgressAsync(40, "half", (CancellationToken)arguments[2]!).AsTask();
        });
        await using var _1 = engine;

        var id = await engine.Client.EnqueueAsync<IPostbox>(x => x.WithContextAsync(null!, "a", default, default), static o => o.Tag("t"));
        await engine.ReachesAsync(id, JobState.Completed);

        Assert.Equal((id, "post.WithContext", 1), (context!.Id, context.Type, context.Attempt));
        Assert.Equal(40, (await engine.GetAsync(id)).ProgressPercent);
        var arguments = Assert.Single(script.Calls).Arguments;
        Assert.True(((CancellationToken)arguments[2]!).CanBeCanceled);
        Assert.Equal(arguments[2], arguments[3]);
    }

    [Fact, Trait("req", "J-08")]
    public async Task Cancelling_the_job_cancels_the_token_of_the_method()
    {
        var (engine, _) = await CallEngine.StartAsync(run: static arguments => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, (CancellationToken)arguments[1]!));
        await using var _1 = engine;
        var id = await engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync("a", default));
        await engine.ReachesAsync(id, JobState.Running);

        await engine.Client.CancelAsync(id);

        await engine.ReachesAsync(id, JobState.Cancelled);
    }

    [Fact, Trait("req", "J-02")]
    public async Task The_service_comes_from_a_scope_of_the_attempts_own_and_errors_are_retried_as_for_handlers()
    {
        var failures = 1;
        var (engine, script) = await CallEngine.StartAsync(
            calls: static calls => calls.Defaults(static job => job.Retry = RetryPolicy.Fixed(TimeSpan.Zero)),
            run: _ => failures-- > 0 ? throw new IOException("the post is closed") : Task.CompletedTask);
        await using var _1 = engine;

        var id = await engine.Client.EnqueueAsync<IPostbox>(x => x.SendLaterAsync("a", DateTimeOffset.UnixEpoch));
        var failed = await engine.ReachesAsync(id, JobState.Scheduled, attempt: 1);
        await engine.ReachesAsync(id, JobState.Completed);

        Assert.StartsWith("System.IO.IOException: the post is closed", failed.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await engine.GetAsync(id)).Attempt);
        Assert.Equal(2, script.Calls.Select(static call => call.Service).Distinct().Count());
    }

    [Fact, Trait("req", "J-02")]
    public async Task A_snooze_and_an_unrecoverable_error_work_as_for_handlers()
    {
        var (engine, _) = await CallEngine.StartAsync(run: static arguments =>
        {
            if (arguments[0] is JobContext { Attempt: 1 } context)
            {
                context.Snooze(TimeSpan.FromMinutes(1));
                return Task.CompletedTask;
            }

            throw new UnrecoverableJobException("no such address");
        });
        await using var _1 = engine;

        var snoozed = await engine.Client.EnqueueAsync<IPostbox>(x => x.WithContextAsync(null!, "a", default, default));
        await engine.ReachesAsync(snoozed, JobState.Scheduled);
        var dead = await engine.Client.EnqueueAsync<IPostbox>(x => x.Drop(1));

        Assert.Contains("no such address", await engine.DiesAsync(dead), StringComparison.Ordinal);
        Assert.Equal(0, (await engine.GetAsync(snoozed)).Attempt);
    }

    [Fact, Trait("req", "J-07")]
    public async Task A_result_is_kept_with_the_job()
    {
        var (engine, script) = await CallEngine.StartAsync();
        await using var _1 = engine;
        script.Result = new Receipt("RX", 2);

        var id = await engine.Client.EnqueueAsync<IPostbox>(x => x.DeliverAsync(new Letter("a", "b"), default));
        await engine.ReachesAsync(id, JobState.Completed);
        var kept = (await engine.GetAsync(id)).Result;
        script.Result = null;
        var empty = await engine.Client.EnqueueAsync<IPostbox>(x => x.DeliverAsync(new Letter("a", "b"), default));
        await engine.ReachesAsync(empty, JobState.Completed);

        Assert.Equal("""{"code":"RX","copies":2}"""u8.ToArray(), kept!.Value.ToArray());
        Assert.Null((await engine.GetAsync(empty)).Result);
    }

    [Fact, Trait("req", "J-16")]
    public async Task A_result_that_cannot_be_kept_is_left_out_and_logged_but_the_job_is_completed()
    {
        var (engine, script) = await CallEngine.StartAsync(
            configure: static jobs =>
            {
                jobs.Services.AddSingleton<IOddResults, OddResults>();
                jobs.AddCalls<IOddResults>("odd");
            },
            options: static options => options.MaximumPayloadBytes = 200);
        await using var _1 = engine;
        script.Result = new Receipt(new string('x', 300), 1);

        var large = await engine.Client.EnqueueAsync<IPostbox>(x => x.DeliverAsync(new Letter("a", "b"), default));
        await engine.ReachesAsync(large, JobState.Completed);
        var odd = await engine.Client.EnqueueAsync<IOddResults>(x => x.TypeAsync());
        await engine.ReachesAsync(odd, JobState.Completed);

        Assert.Null((await engine.GetAsync(large)).Result);
        Assert.Null((await engine.GetAsync(odd)).Result);
        Assert.Equal((1, 1), (engine.Logs.Count(2026), engine.Logs.Count(2027)));
    }

    [Fact, Trait("req", "J-02")]
    public async Task A_method_that_returns_null_for_a_task_or_a_service_that_is_missing_fails_the_attempt()
    {
        var (engine, _) = await CallEngine.StartAsync(
            configure: static jobs =>
            {
                jobs.Services.AddSingleton<IOddResults, OddResults>();
                jobs.AddCalls<IOddResults>("odd").AddCalls<IMissing>("missing");
            },
            options: static options => options.MaxAttempts = 1);
        await using var _1 = engine;

        var nothing = await engine.DiesAsync(await engine.Client.EnqueueAsync<IOddResults>(x => x.NothingAsync()));
        var missing = await engine.DiesAsync(await engine.Client.EnqueueAsync<IMissing>(x => x.RunAsync()));

        Assert.Contains("returned null instead of a task", nothing, StringComparison.Ordinal);
        Assert.Contains(nameof(IMissing), missing, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-04")]
    public async Task A_schedule_can_call_a_method()
    {
        var evaluated = 0;
        var (engine, script) = await CallEngine.StartAsync(configure: jobs => jobs
            .AddQueue("mail")
            .AddSchedule<IPostbox>("task", "* * * * *", x => x.SendAsync("a", default), configure: static o => o.Queue("mail"))
            .AddSchedule<IPostbox>("value", "* * * * *", x => x.SendLaterAsync($"{Count(ref evaluated)}", DateTimeOffset.UnixEpoch))
            .AddSchedule<IPostbox>("void", "* * * * *", x => x.Drop(9)));
        await using var _1 = engine;
        await engine.Client.EnqueueAsync<IPostbox>(x => x.Drop(0)); // beside the schedules

        for (var tick = 1; tick <= 2; tick++)
        {
            await engine.Clock.WaitForTimersAsync(4).WaitAsync(Engine.Guard);
            engine.Clock.Advance(TimeSpan.FromMinutes(1));
            await Turn.UntilAsync(() => script.Calls.Count(static call => call.Arguments[0] is 9 or "a" or "1") == 3 * tick);
        }

        var definitions = (await engine.Client.GetSchedulesAsync()).Select(static schedule => schedule.Definition).ToList();
        Assert.Equal(["post.Send", "post.SendLater", "post.Drop"], definitions.Select(static definition => definition.Type));
        Assert.Equal("mail", definitions[0].Queue);
        Assert.Equal(1, evaluated);
    }

    [Fact, Trait("req", "J-15")]
    public async Task Statistics_tell_calls_apart_by_their_job_names()
    {
        var (engine, _) = await CallEngine.StartAsync();
        await using var _1 = engine;
        foreach (var id in new[] { await engine.Client.EnqueueAsync<IPostbox>(x => x.Drop(1)), await engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync("a", default)) })
        {
            await engine.ReachesAsync(id, JobState.Completed);
        }

        var completed = (await engine.Client.GetStatisticsAsync()).Totals.Where(static total => total.Status == "completed");
        Assert.Equal(["post.Drop", "post.Send"], completed.Select(static total => total.Type).Order(StringComparer.Ordinal));
    }

    [Fact, Trait("req", "J-02")]
    public async Task Arguments_and_results_follow_the_engines_JSON_options()
    {
        var (engine, script) = await CallEngine.StartAsync(options: static options => options.Json = new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseUpper });
        await using var _1 = engine;
        script.Result = new Receipt("RX", 2);

        var id = await engine.Client.EnqueueAsync<IPostbox>(x => x.DeliverAsync(new Letter("a", "b"), default));
        await engine.ReachesAsync(id, JobState.Completed);

        Assert.Equal("""{"letter":{"TO":"a","TEXT":"b","PAGES":1,"REPLY":null}}""", await engine.PayloadAsync(id));
        Assert.Equal("""{"CODE":"RX","COPIES":2}"""u8.ToArray(), (await engine.GetAsync(id)).Result!.Value.ToArray());
        Assert.Equal(new Letter("a", "b"), Assert.Single(script.Calls).Arguments[0]);
    }

    private static int Count(ref int count) => ++count;

    private interface IMissing
    {
        Task RunAsync();
    }

    private interface IOddResults
    {
        Task<Type> TypeAsync();

        Task NothingAsync();
    }

    private sealed class OddResults : IOddResults
    {
        private readonly Task _nothing = null!;

        public Task<Type> TypeAsync() => Task.FromResult(typeof(string));

        public Task NothingAsync() => _nothing;
    }
}
