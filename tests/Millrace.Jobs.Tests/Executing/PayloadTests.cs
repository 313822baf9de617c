using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Millrace.Jobs.Stores.Memory;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Executing;

/// <summary>Encrypted payloads, payloads of several versions, and jobs that were called otherwise.</summary>
[Trait("req", "J-13")]
public sealed class PayloadTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(JobEncryptionOptions.KeyBytes);
    private static readonly byte[] OtherKey = RandomNumberGenerator.GetBytes(JobEncryptionOptions.KeyBytes);

    private readonly FakeClock _clock = new();

    [Fact]
    public async Task The_store_sees_neither_payload_nor_result()
    {
        var seen = "";
        await using var engine = await Engine.StartAsync(
            configure: static jobs => jobs.EncryptPayloads(static keys => keys.AddKey("k1", Key)),
            run: (work, context, _) =>
            {
                seen = work.Name;
                context.SetResult("the answer");
                return Task.CompletedTask;
            });
        var id = await engine.Client.EnqueueAsync(new Work("confidential"));
        await engine.ReachesAsync(id, JobState.Completed);

        var job = await engine.GetAsync(id);
        var stored = Encoding.UTF8.GetString(job.Payload.Span) + Encoding.UTF8.GetString(job.Result!.Value.Span);
        Assert.DoesNotContain("confidential", stored, StringComparison.Ordinal);
        Assert.DoesNotContain("answer", stored, StringComparison.Ordinal);
        Assert.Equal("k1", JsonNode.Parse(job.Payload.Span)!["$encrypted"]!.GetValue<string>());
        Assert.Equal(("confidential", "the answer"), (seen, await engine.Client.GetResultAsync<string>(id)));
    }

    [Fact]
    public async Task Keys_change_while_jobs_wait_and_plain_jobs_are_taken_until_they_are_not()
    {
        await using var store = new MemoryJobStore(_clock);
        var ids = new List<string>();
        foreach (var configure in (Action<JobsBuilder>[])[static _ => { }, static jobs => jobs.EncryptPayloads(static keys => keys.AddKey("old", Key))])
        {
            await using var producer = await Engine.StartAsync(_clock, store, static options => options.RunWorkers = false, configure);
            ids.Add(await producer.Client.EnqueueAsync(new Work("a"), static options => options.MaxAttempts(1)));
        }

        await using (var engine = await Engine.StartAsync(_clock, store, configure: static jobs => jobs.EncryptPayloads(static keys => keys.AddKey("old", Key).AddKey("new", OtherKey))))
        {
            await engine.ReachesAsync(ids[0], JobState.Completed);
            await engine.ReachesAsync(ids[1], JobState.Completed);
        }

        await using (var producer = await Engine.StartAsync(_clock, store, static options => options.RunWorkers = false))
        {
            ids.Add(await producer.Client.EnqueueAsync(new Work("forged")));
        }

        await using var strict = await Engine.StartAsync(_clock, store, configure: static jobs => jobs.EncryptPayloads(static keys => keys.AddKey("new", OtherKey).AcceptPlain = false));
        await strict.ReachesAsync(ids[2], JobState.Dead);
        Assert.Contains("AcceptPlain", (await strict.GetAsync(ids[2])).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("changed", JobState.Dead)]
    [InlineData("of another job", JobState.Dead)]
    [InlineData("cut off", JobState.Dead)]
    [InlineData("of an unknown key", JobState.Scheduled)] // the key may come
    public async Task What_was_tampered_with_is_not_run(string how, JobState expected)
    {
        await using var store = new MemoryJobStore(_clock);
        NewJob stored;
        await using (var producer = await Engine.StartAsync(_clock, store, static options => options.RunWorkers = false, static jobs => jobs
            .EncryptPayloads(static keys => keys.AddKey("k1", Key)).AddHandler<Other, OtherHandler>("other")))
        {
            var id = how == "of another job" ? await producer.Client.EnqueueAsync(new Other("a")) : await producer.Client.EnqueueAsync(new Work("a"));
            var record = await producer.GetAsync(id);
            await producer.Client.DeleteAsync(id);
            var data = Convert.FromBase64String(JsonNode.Parse(record.Payload.Span)!["data"]!.GetValue<string>());
            data = how switch { "changed" => [.. data[..^1], (byte)(data[^1] ^ 1)], "cut off" => data[..10], _ => data };
            stored = new NewJob
            {
                Id = "x",
                Queue = "default",
                Type = "work",
                MaxAttempts = 3,
                Payload = Encoding.UTF8.GetBytes($"{{\"$encrypted\":\"{(how == "of an unknown key" ? "k2" : "k1")}\",\"data\":\"{Convert.ToBase64String(data)}\"}}"),
            };
        }

        await store.EnqueueAsync([stored], 10);
        await using var engine = await Engine.StartAsync(_clock, store, configure: static jobs => jobs.EncryptPayloads(static keys => keys.AddKey("k1", Key)));
        await engine.ReachesAsync("x", expected);
    }

    [Fact]
    public void Keys_that_cannot_be_are_refused()
    {
        var keys = new JobEncryptionOptions();
        Assert.Contains("32 bytes", Assert.Throws<ArgumentException>(() => keys.AddKey("k", Key.AsSpan(0, 16))).Message, StringComparison.Ordinal);
        keys.AddKey("k", Key);
        Assert.Throws<ArgumentException>(() => keys.AddKey("k", OtherKey));
        var jobs = new JobsBuilder(new Microsoft.Extensions.DependencyInjection.ServiceCollection());
        Assert.Throws<ArgumentException>(() => jobs.EncryptPayloads(static _ => { }));
    }

    [Fact, Trait("req", "J-01")]
    public async Task An_older_payload_is_upgraded_step_by_step_and_a_renamed_job_found()
    {
        await using var store = new MemoryJobStore(_clock);
        await store.EnqueueAsync([new NewJob { Id = "first", Queue = "default", Type = "work-before", Payload = "{\"title\":\"a\"}"u8.ToArray() }], 10);
        await store.EnqueueAsync([new NewJob { Id = "second", Queue = "default", Type = "work", Payload = "{\"label\":\"b\"}"u8.ToArray(), Metadata = new Dictionary<string, string> { ["payload-version"] = "2" } }], 10);
        var names = new List<string>();
        await using var engine = await Engine.StartAsync(_clock, store, defaults: Third, run: (work, _, _) =>
        {
            lock (names)
            {
                names.Add(work.Name);
            }

            return Task.CompletedTask;
        });
        await engine.ReachesAsync("first", JobState.Completed);
        await engine.ReachesAsync("second", JobState.Completed);
        var id = await engine.Client.EnqueueAsync(new Work("c"));
        await engine.ReachesAsync(id, JobState.Completed);
        Assert.Equal(["A", "B", "c"], names.Order(StringComparer.Ordinal));
        Assert.Equal("3", (await engine.GetAsync(id)).Metadata["payload-version"]);
    }

    [Fact]
    public async Task Two_versions_of_an_application_run_side_by_side_while_one_replaces_the_other()
    {
        await using var store = new MemoryJobStore(_clock);
        string id;
        await using (var newer = await Engine.StartAsync(_clock, store, static options => options.RunWorkers = false, defaults: Third))
        {
            id = await newer.Client.EnqueueAsync(new Work("c"), static options => options.MaxAttempts(1));
        }

        // The older one leaves the job to the newer one, and goes on with its own.
        await using (var older = await Engine.StartAsync(_clock, store, defaults: static _ => { }))
        {
            await older.ReachesAsync(id, JobState.Scheduled);
            await older.ReachesAsync(await older.Client.EnqueueAsync(new Work("old")), JobState.Completed);
            var waiting = await older.GetAsync(id);
            Assert.Equal((0, _clock.GetUtcNow() + TimeSpan.FromSeconds(5)), (waiting.Attempt, waiting.DueAt));
        }

        _clock.Advance(TimeSpan.FromSeconds(5));
        await using (var newer = await Engine.StartAsync(_clock, store, defaults: Third))
        {
            await newer.ReachesAsync(id, JobState.Completed);
        }
    }

    [Fact]
    public async Task A_version_goes_before_a_trace_when_metadata_is_nearly_full()
    {
        await using var engine = await Engine.StartAsync(options: static options => options.RunWorkers = false, defaults: Third);
        using var activity = new System.Diagnostics.Activity("request").Start();
        var id = await engine.Client.EnqueueAsync(new Work("a"), static options =>
        {
            for (var i = 0; i < JobLimits.MaximumMetadata - 1; i++)
            {
                options.Metadata($"m{i}", "x");
            }
        });
        var metadata = (await engine.GetAsync(id)).Metadata;
        Assert.Equal((JobLimits.MaximumMetadata, "3"), (metadata.Count, metadata["payload-version"]));
        Assert.DoesNotContain("traceparent", metadata.Keys);
        await Assert.ThrowsAsync<ArgumentException>(() => engine.Client.EnqueueAsync(new Work("a"), static options =>
        {
            for (var i = 0; i < JobLimits.MaximumMetadata; i++)
            {
                options.Metadata($"m{i}", "x");
            }
        }).AsTask());
    }

    [Fact]
    public async Task A_job_that_no_newer_program_takes_within_the_hour_fails_its_attempt()
    {
        await using var store = new MemoryJobStore(_clock);
        await store.EnqueueAsync([new NewJob { Id = "x", Queue = "default", Type = "work", Payload = "{}"u8.ToArray(), Metadata = new Dictionary<string, string> { ["payload-version"] = "9" } }], 10);
        _clock.Advance(TimeSpan.FromHours(1));
        await using var engine = await Engine.StartAsync(_clock, store);
        await engine.ReachesAsync("x", JobState.Dead);
        Assert.Contains("version 9", (await engine.GetAsync("x")).Error, StringComparison.Ordinal);
    }

    private static void Third(JobDefaults work) => work
        .FormerName("work-before")
        .Upgrade(1, static payload => new JsonObject { ["label"] = payload["title"]!.GetValue<string>() })
        .Upgrade(2, static payload => new JsonObject { ["name"] = payload["label"]!.GetValue<string>().ToUpperInvariant() });

    private sealed record Other(string Name);

    private sealed class OtherHandler : IJobHandler<Other>
    {
        public Task HandleAsync(Other job, JobContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
