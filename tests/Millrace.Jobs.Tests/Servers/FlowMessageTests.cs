using System.Text;
using Millrace.Jobs.Stores.Redis;
using Millrace.Jobs.Tests.Stores;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Servers;

/// <summary>What queues tell one another on Redis, when the process that should deliver it dies in between.</summary>
[Trait("req", "J-10"), Trait("peer", "8"), Trait("peer", "12")]
public sealed class FlowMessageTests(SharedRedis shared) : IClassFixture<SharedRedis>, IAsyncLifetime
{
    private static readonly SweepRequest Sweep = new() { Completed = new(TimeSpan.FromDays(1), 100), Cancelled = new(TimeSpan.FromDays(1), 100), Dead = new(TimeSpan.FromDays(1), 100), MaximumJobs = 100 };

    private readonly string _prefix = $"t{Guid.NewGuid():N}";
    private readonly LogRecorder _logs = new();
    private RedisJobStore _store = null!;

    public ValueTask InitializeAsync()
    {
        _store = new RedisJobStore(shared.Client, _prefix, TimeProvider.System, logger: _logs);
        return default;
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task A_flow_whose_enqueuer_died_after_writing_it_down_is_stored_by_a_sweep_and_once_however_often_it_is_delivered()
    {
        var message = FlowMessage.Write("flow", new FlowShares([Job("a", "q1"), Job("b", "q2", "q1/a"), Job("c", "q1", "q2/b")]).All);
        await _store.SetQueuePausedAsync("q1", false);
        await _store.SetQueuePausedAsync("q2", false);
        await PushAsync("q1", message);
        await _store.SweepAsync(Sweep);
        Assert.Equal((JobState.Waiting, JobState.Blocked, JobState.Blocked), (await StateAsync("a"), await StateAsync("b"), await StateAsync("c")));

        await EndAsync("q1", "a");
        await PushAsync("q1", message); // whoever delivered it died before crossing it off
        await _store.SweepAsync(Sweep);
        Assert.Equal((null, JobState.Waiting), (await StateAsync("a"), await StateAsync("b")));
        await EndAsync("q2", "b");
        await EndAsync("q1", "c");
        await PushAsync("q1", message);
        await _store.SweepAsync(Sweep);
        Assert.Empty((await _store.ListAsync(new JobQuery())).Jobs);
    }

    [Fact]
    public async Task An_end_whose_teller_died_is_told_by_a_sweep_and_counts_once()
    {
        await _store.EnqueueFlowAsync([Job("a", "q1"), Job("x", "q1"), Job("b", "q2", "q1/a", "q1/x")], 100);
        var end = Encoding.UTF8.GetBytes("e\0q2\0b\0a\03\0+7");
        await PushAsync("q1", end);
        await PushAsync("q1", end);
        await _store.SweepAsync(Sweep);
        Assert.Equal(JobState.Blocked, await StateAsync("b"));
        Assert.Equal("7", Encoding.UTF8.GetString((await _store.GetLinksAsync("b"))!.After[0].Result!.Value.Span));
        await PushAsync("q1", Encoding.UTF8.GetBytes("e\0q2\0b\0x\03\0-"));
        await _store.SweepAsync(Sweep);
        Assert.Equal(JobState.Waiting, await StateAsync("b"));
        await _store.SweepAsync(Sweep);
        Assert.Equal(0, await OutboxAsync("q1"));
    }

    [Fact]
    public async Task Nothing_is_left_of_a_flow_that_has_gone()
    {
        await _store.EnqueueFlowAsync([Job("a", "q1"), Job("b", "q2", "q1/a"), Job("c", "q3", "q2/b", "q1/a"), Job("d", "q1", "q3/c")], 100);
        await EndAsync("q1", "a");
        await EndAsync("q2", "b");
        await EndAsync("q3", "c");
        await EndAsync("q1", "d");
        foreach (var queue in (string[])["q1", "q2", "q3"])
        {
            foreach (var part in new[] { 0, 1, 2, 3, 4, 5, 19, 20, 21, 22 }) // jobs, line, ready, later, running, history, blocked, links, before, outbox
            {
                var exists = await shared.Client.ExecuteAsync("EXISTS", TestContext.Current.CancellationToken, new QueueKeys(_prefix, queue).All[part]);
                Assert.True(exists.AsInt64() == 0, $"{queue} still holds part {part}");
            }
        }
    }

    [Fact]
    public async Task Messages_that_are_none_do_not_stand_in_the_way()
    {
        await _store.EnqueueFlowAsync([Job("a", "q1"), Job("b", "q2", "q1/a")], 100);
        foreach (var text in (string[])["", "z", "e\0q2", "f\0\0\0\u0009flow"])
        {
            await PushAsync("q1", Encoding.UTF8.GetBytes(text));
        }

        await PushAsync("q1", [(byte)'f', 0xFF, 0xFF, 0xFF, 0xFF]);
        await PushAsync("q1", Encoding.UTF8.GetBytes("e\0q2\0b\0a\03\0-"));
        await PushAsync("q1", Encoding.UTF8.GetBytes(new string('z', 100_000)));
        await _store.SweepAsync(Sweep);
        Assert.Equal(JobState.Waiting, await StateAsync("b"));
        Assert.Equal(0, await OutboxAsync("q1"));
        var told = _logs.Entries.Where(static entry => entry.Id == 2045).ToList();
        Assert.Equal(6, told.Count);
        Assert.All(told, static entry => Assert.True(entry.Level == Microsoft.Extensions.Logging.LogLevel.Warning && entry.Text.Contains("queue q1", StringComparison.Ordinal) && entry.Text.Length < 500, entry.Text));
        Assert.Contains(told, static entry => entry.Text.Contains("100000 bytes", StringComparison.Ordinal) && entry.Text.Contains("7A7A7A", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(JobCondition.AllCompleted, JobState.Cancelled)]
    [InlineData(JobCondition.AllEnded, JobState.Waiting)]
    public async Task A_job_does_not_wait_for_ever_for_one_that_a_server_has_lost(JobCondition condition, JobState expected)
    {
        var clock = new FakeClock();
        await using var store = new RedisJobStore(shared.Client, _prefix, clock);
        await store.EnqueueFlowAsync([Job("a", "q1"), Job("b", "q2", "q1/a") with { Condition = condition }], 100);
        await shared.Client.ExecuteAsync("DEL", TestContext.Current.CancellationToken, [.. new QueueKeys(_prefix, "q1").All]);
        await store.SweepAsync(Sweep);
        Assert.Equal(JobState.Blocked, (await store.GetAsync("b"))!.State);
        clock.Advance(TimeSpan.FromMinutes(2));
        await store.SweepAsync(Sweep);
        Assert.Equal(expected, (await store.GetAsync("b"))!.State);
    }

    [Fact]
    public async Task An_end_whose_message_a_server_has_lost_is_found_out_and_one_on_its_way_is_waited_for()
    {
        var clock = new FakeClock();
        await using var store = new RedisJobStore(shared.Client, _prefix, clock);
        await store.EnqueueFlowAsync([Job("a", "q1"), Job("x", "q1"), Job("b", "q2", "q1/a"), Job("c", "q2", "q1/x")], 100);
        await shared.Client.ExecuteAsync("DEL", TestContext.Current.CancellationToken, new QueueKeys(_prefix, "q1").All[21]); // who waits for whom
        var claimed = (await store.ClaimAsync(new ClaimRequest { Worker = new WorkerIdentity("w", "host", 1, ["q1"]), Lease = TimeSpan.FromHours(1), Queues = [new QueueCapacity("q1", 10)], MaximumJobs = 10 })).Jobs;
        await store.FinishAsync([new JobFinish { Run = new JobRun("q1", "a", claimed[0].Token), Kind = FinishKind.Completed, Result = "5"u8.ToArray() }]);
        await store.FinishAsync([new JobFinish { Run = new JobRun("q1", "x", claimed[1].Token), Kind = FinishKind.Completed, Remove = true }]);
        clock.Advance(TimeSpan.FromMinutes(2));
        await PushAsync("q1", Encoding.UTF8.GetBytes("e\0q2\0c\0x\03\0+6"));
        await store.SweepAsync(Sweep);
        Assert.Equal((JobState.Waiting, JobState.Waiting), ((await store.GetAsync("b"))!.State, (await store.GetAsync("c"))!.State));
        Assert.Equal("5", Encoding.UTF8.GetString((await store.GetLinksAsync("b"))!.After[0].Result!.Value.Span));
        Assert.Equal("6", Encoding.UTF8.GetString((await store.GetLinksAsync("c"))!.After[0].Result!.Value.Span));
    }

    private static NewJob Job(string id, string queue, params string[] after) => new()
    {
        Id = id,
        Queue = queue,
        Type = "work",
        Payload = "1"u8.ToArray(),
        After = [.. after.Select(static address => new JobAddress(address.Split('/')[0], address.Split('/')[1]))],
    };

    private async Task PushAsync(string queue, byte[] message) =>
        await shared.Client.ExecuteAsync("RPUSH", TestContext.Current.CancellationToken, new QueueKeys(_prefix, queue).Outbox, message);

    private async Task<long> OutboxAsync(string queue) =>
        (await shared.Client.ExecuteAsync("LLEN", TestContext.Current.CancellationToken, new QueueKeys(_prefix, queue).Outbox)).AsInt64();

    private async Task<JobState?> StateAsync(string id) => (await _store.GetAsync(id))?.State;

    private async Task EndAsync(string queue, string id)
    {
        var claimed = Assert.Single((await _store.ClaimAsync(new ClaimRequest
        {
            Worker = new WorkerIdentity("w", "host", 1, ["q1", "q2", "q3"]),
            Lease = TimeSpan.FromMinutes(1),
            Queues = [new QueueCapacity(queue, 10)],
            MaximumJobs = 10,
        })).Jobs);
        Assert.Equal(id, claimed.Id);
        await _store.FinishAsync([new JobFinish { Run = new JobRun(queue, id, claimed.Token), Kind = FinishKind.Completed, Remove = true }]);
    }
}
