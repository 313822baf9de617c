using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs.Stores.Memory;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Calls;

/// <summary>What the store may hold: of another version of the application, or written by anybody.</summary>
public sealed class StoredCallsTests
{
    [Fact, Trait("req", "J-02")]
    public async Task Only_registered_names_are_called_and_a_NET_name_is_none()
    {
        var (engine, script) = await CallEngine.StartAsync();
        await using var _1 = engine;

        foreach (var name in new[] { "post.Nothing", "post", "Send", "post.SendAsync", "post.ToString", "System.IO.File.Delete", typeof(IPostbox).AssemblyQualifiedName! + ".Send" })
        {
            var error = await engine.DiesAsync(await engine.StoreAsync(name[..Math.Min(name.Length, JobLimits.MaximumNameLength)], """{"to":"a"}"""));
            Assert.Contains("No handler is registered for the job name", error, StringComparison.Ordinal);
        }

        Assert.Empty(script.Calls);
    }

    [Fact, Trait("req", "J-02")]
    public async Task A_payload_from_before_an_optional_parameter_was_added_still_runs()
    {
        var (engine, script) = await CallEngine.StartAsync();
        await using var _1 = engine;

        var id = await engine.StoreAsync("post.Optional", """{"to":"a"}""");
        await engine.ReachesAsync(id, JobState.Completed);

        Assert.Equal(["a", 2, DayOfWeek.Friday, null, TimeSpan.Zero], Assert.Single(script.Calls).Arguments);
    }

    [Fact, Trait("req", "J-02")]
    public async Task A_call_waits_under_its_former_name_when_the_method_was_renamed()
    {
        var (engine, script) = await CallEngine.StartAsync(
            static calls => calls.Method(nameof(IPostbox.SendAsync), static call => call.Name("send").FormerName("post.Send").FormerName("mail.SendMessage")),
            options: static options => options.DefaultConcurrency = 1);
        await using var _1 = engine;

        var current = await engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync("new", default));
        foreach (var id in new[] { current, await engine.StoreAsync("post.Send", """{"to":"old"}"""), await engine.StoreAsync("mail.SendMessage", """{"to":"older"}""") })
        {
            await engine.ReachesAsync(id, JobState.Completed);
        }

        Assert.Equal("post.send", (await engine.GetAsync(current)).Type);
        Assert.Equal(["new", "old", "older"], script.Calls.Select(static call => call.Arguments[0]));
    }

    [Fact, Trait("req", "J-02")]
    public async Task A_handlers_waiting_job_may_be_run_by_the_call_that_replaced_it()
    {
        var (engine, script) = await CallEngine.StartAsync(static calls => calls.Method(nameof(IPostbox.SendAsync), static call => call.FormerName("send-welcome")));
        await using var _1 = engine;

        var id = await engine.StoreAsync("send-welcome", """{"to":"a"}""");
        await engine.ReachesAsync(id, JobState.Completed);

        Assert.Equal("a", Assert.Single(script.Calls).Arguments[0]);
    }

    [Fact, Trait("req", "J-02")]
    public async Task An_argument_of_a_newer_version_fails_the_attempt_but_not_the_job()
    {
        var (engine, script) = await CallEngine.StartAsync(options: static options => options.Retry = RetryPolicy.Fixed(TimeSpan.FromHours(1)));
        await using var _1 = engine;

        var id = await engine.StoreAsync("post.Send", """{"to":"a","dryRun":true}""", maxAttempts: 2);
        var failed = await engine.ReachesAsync(id, JobState.Scheduled, attempt: 1);

        Assert.Contains("'dryRun'", failed.Error, StringComparison.Ordinal);
        Assert.Contains("newer version", failed.Error, StringComparison.Ordinal);
        Assert.Empty(script.Calls);
    }

    [Theory, Trait("req", "J-02")]
    [InlineData("", "cannot be read as JSON")]
    [InlineData("null", "is not a JSON object")]
    [InlineData("[]", "is not a JSON object")]
    [InlineData("""["a"]""", "is not a JSON object")]
    [InlineData("\"to\"", "is not a JSON object")]
    [InlineData("""{"to":"a" """, "cannot be read as JSON")]
    [InlineData("""{"to":"a"}}""", "cannot be read as JSON")]
    [InlineData("""{"to":"a"} {"to":"b"}""", "cannot be read as JSON")]
    [InlineData("""{"to":"a",}""", "cannot be read as JSON")]
    [InlineData("""{to:"a"}""", "cannot be read as JSON")]
    [InlineData("""{"to":"a","to":"b"}""", "'to' twice")]
    [InlineData("""{"to":{"a":1}}""", "'to' of job type 'post.Send' cannot be read as String")]
    [InlineData("""{"to":7}""", "cannot be read as String")]
    [InlineData("{}", "has no argument 'to'")]
    public async Task What_is_not_an_object_with_the_arguments_is_dead_at_once(string payload, string reason)
    {
        var (engine, script) = await CallEngine.StartAsync();
        await using var _1 = engine;

        var error = await engine.DiesAsync(await engine.StoreAsync("post.Send", payload, maxAttempts: 5));

        Assert.StartsWith("Millrace.Jobs.UnrecoverableJobException", error, StringComparison.Ordinal);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Empty(script.Calls);
    }

    [Theory, Trait("req", "J-02")]
    [InlineData("""{"to":"a","cancellationToken":{}}""", "cancellationToken")]
    [InlineData("""{"To":"a"}""", "To")]
    [InlineData("""{"to":"a","$type":"System.IO.FileInfo"}""", "$type")]
    [InlineData("""{"to":"a","\u0000\n":1}""", "??")]
    public async Task An_argument_that_the_method_does_not_take_is_never_passed_over(string payload, string shown)
    {
        var (engine, script) = await CallEngine.StartAsync();
        await using var _1 = engine;

        var error = await engine.DiesAsync(await engine.StoreAsync("post.Send", payload));

        Assert.Contains($"holds an argument '{shown}'", error, StringComparison.Ordinal);
        Assert.Empty(script.Calls);
    }

    [Fact, Trait("req", "J-02")]
    public async Task Payloads_that_are_deep_long_or_wide_end_in_an_error_that_is_short()
    {
        var (engine, script) = await CallEngine.StartAsync();
        await using var _1 = engine;
        string Nested(int depth) => string.Concat(Enumerable.Repeat("""{"to":"a","text":"b","reply":""", depth)) + "null" + new string('}', depth);

        var deep = await engine.DiesAsync(await engine.StoreAsync("post.Deliver", $$"""{"letter":{{Nested(100_000)}},"x":1}"""));
        var longName = await engine.DiesAsync(await engine.StoreAsync("post.Send", $$"""{"{{new string('x', 100_000)}}":1}"""));
        var many = await engine.DiesAsync(await engine.StoreAsync("post.Send", $$"""{"to":"a",{{string.Join(',', Enumerable.Range(0, 10_000).Select(static n => $"\"a{n}\":{n}"))}}}"""));

        Assert.Contains("'letter' of job type 'post.Deliver' cannot be read", deep, StringComparison.Ordinal);
        Assert.Contains($"'{new string('x', 60)}…'", longName, StringComparison.Ordinal);
        Assert.Contains("'a0'", many, StringComparison.Ordinal);
        Assert.Empty(script.Calls);
    }

    [Fact, Trait("req", "J-02")]
    public async Task Random_bytes_end_every_job_and_never_stop_the_worker()
    {
        var (engine, script) = await CallEngine.StartAsync();
        await using var _1 = engine;
        const int Seed = 20261;
        var random = new Random(Seed);
        var valid = """{"to":"a"}"""u8.ToArray();
        for (var n = 0; n < 300; n++)
        {
            var payload = (byte[])valid.Clone();
            for (var change = 0; change <= n % 4; change++)
            {
                payload[random.Next(payload.Length)] = (byte)random.Next(256);
            }

            var job = new NewJob { Id = $"r{n}", Queue = JobsOptions.DefaultQueue, Type = "post.Send", Payload = payload.AsMemory(0, random.Next(payload.Length + 1)) };
            await engine.Store.EnqueueAsync([job], 1_000);
            var ended = await engine.Changes.WaitForAsync(change => change.Id == job.Id && change.State is JobState.Dead or JobState.Completed);
            Assert.True(ended.State == JobState.Dead || script.Calls.Last().Arguments[0] is string or null, $"seed {Seed}, job {n}");
        }

        Assert.Equal(0, (await engine.Client.GetStatisticsAsync()).Running);
    }

    [Fact, Trait("req", "J-02")]
    public async Task A_client_of_one_version_and_a_worker_of_the_next_understand_each_other()
    {
        var clock = new FakeClock();
        var store = new MemoryJobStore(clock);
        var seen = new TaskCompletionSource<(string, int)>();
        await using var old = await Engine.StartAsync(clock, store, static options => options.RunWorkers = false, static jobs => jobs.AddCalls<V1.IReports>("reports"));
        var id = await old.Client.EnqueueAsync<V1.IReports>(x => x.BuildAsync("sales"));

        await using var next = await Engine.StartAsync(clock, store, configure: jobs =>
        {
            jobs.Services.AddSingleton(seen);
            jobs.Services.AddSingleton<V2.IReports, V2.Reports>();
            jobs.AddCalls<V2.IReports>("reports");
        });
        await next.ReachesAsync(id, JobState.Completed);

        Assert.Equal(("sales", 12), await seen.Task);
    }

    private static class V1
    {
        public interface IReports
        {
            Task BuildAsync(string name);
        }
    }

    private static class V2
    {
        public interface IReports
        {
            Task BuildAsync(string name, int months = 12, CancellationToken cancellationToken = default);
        }

        public sealed class Reports(TaskCompletionSource<(string, int)> seen) : IReports
        {
            public Task BuildAsync(string name, int months = 12, CancellationToken cancellationToken = default)
            {
                seen.SetResult((name, months));
                return Task.CompletedTask;
            }
        }
    }
}
