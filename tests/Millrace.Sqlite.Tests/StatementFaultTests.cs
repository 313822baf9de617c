using System.Data.Common;
using System.Text;
using Millrace.Jobs;
using Millrace.TestKit;

namespace Millrace.Sqlite.Tests;

/// <summary>An operation fails at each of the places where it can: before and after every row that it writes, and at the commit. Then nothing has changed,
/// and doing it again does what one undisturbed call does.</summary>
[Trait("req", "J-09"), Trait("peer", "11"), Trait("peer", "14")]
public sealed class StatementFaultTests
{
    // Counts every row that is written; fails at the one that is asked for, or leaves there what makes the commit fail.
    private const string Fault = """
        CREATE TABLE fault (n INTEGER NOT NULL, target INTEGER NOT NULL, at_commit INTEGER NOT NULL);
        INSERT INTO fault VALUES (0, -1, 0);
        CREATE TABLE fault_parent (id INTEGER PRIMARY KEY);
        CREATE TABLE fault_child (id INTEGER REFERENCES fault_parent (id) DEFERRABLE INITIALLY DEFERRED)
        """;

    private const string Fail = """
        UPDATE fault SET n = n + 1;
        INSERT INTO fault_child SELECT 1 FROM fault WHERE n = target AND at_commit;
        SELECT CASE WHEN n = target AND NOT at_commit THEN RAISE(FAIL, 'the test''s fault') END FROM fault;
        """;

    public static TheoryData<string, int> Operations() => new()
    {
        // Each with the least number of places at which it can fail.
        { "enqueue", 8 },
        { "enqueue flow", 10 },
        { "claim", 10 },
        { "finish", 8 },
        { "heartbeat", 2 },
        { "sweep", 10 },
        { "cancel", 6 },
        { "replay", 4 },
        { "delete", 6 },
        { "upsert schedule", 2 },
        { "pause schedule", 2 },
        { "remove schedule", 2 },
        { "fire schedule", 6 },
    };

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task An_operation_that_fails_at_any_statement_has_done_nothing_and_can_be_done_again(string operation, int places)
    {
        var results = new HashSet<string>(StringComparer.Ordinal);
        var place = 0;
        for (var failed = true; failed;)
        {
            failed = await TryAsync(operation, ++place, atCommit: false, results);
        }

        Assert.True(place > places, $"{operation} failed at {place - 1} places only: the triggers no longer see its statements");
        Assert.Single(results);
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task An_operation_whose_commit_fails_has_done_nothing_and_can_be_done_again(string operation, int places)
    {
        var results = new HashSet<string>(StringComparer.Ordinal);

        Assert.True(await TryAsync(operation, 1, atCommit: true, results));
        Assert.False(await TryAsync(operation, places + 1_000, atCommit: true, results));
        Assert.Single(results);
    }

    /// <summary>Whether it failed; then once more.</summary>
    private static async Task<bool> TryAsync(string operation, int place, bool atCommit, HashSet<string> results)
    {
        await using var fixture = new StoreFixture();
        var clock = new FakeClock();
        var store = await fixture.OpenAsync(clock);
        var live = await PrepareAsync(fixture, store, clock);
        var tables = Column(fixture, "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'millrace%' ORDER BY name");
        fixture.Execute(Fault);
        foreach (var (table, when, what) in tables.SelectMany(static table => ((string[])["BEFORE", "AFTER"]).SelectMany(when => ((string[])["INSERT", "UPDATE", "DELETE"]).Select(what => (table, when, what)))))
        {
            fixture.Execute($"CREATE TRIGGER fault_{when}_{what}_{table} {when} {what} ON {table} BEGIN {Fail} END");
        }

        var before = Dump(fixture, tables);
        fixture.Execute($"UPDATE fault SET n = 0, target = {place}, at_commit = {(atCommit ? 1 : 0)}");
        var failed = false;
        try
        {
            await RunAsync(store, operation, live, clock);
        }
        catch (DbException)
        {
            failed = true;
        }

        fixture.Execute("UPDATE fault SET target = -1");
        if (failed)
        {
            Assert.Equal(before, Dump(fixture, tables));
            await RunAsync(store, operation, live, clock);
        }

        results.Add(Dump(fixture, tables));
        return failed;
    }

    /// <summary>Jobs in every state, one with a unique key, a flow, a dead worker and a live one, a schedule that is due.</summary>
    private static async Task<IReadOnlyList<ClaimedJob>> PrepareAsync(StoreFixture fixture, JobStore store, FakeClock clock)
    {
        await fixture.EnqueueAsync(store, [.. Enumerable.Range(0, 8).Select(static number => Job($"job-{number}"))]);
        await fixture.EnqueueAsync(store, Job("later") with { Delay = TimeSpan.FromMinutes(1), Unique = Key("later") }, Job("late") with { Delay = TimeSpan.FromSeconds(1) });
        await store.ClaimAsync(StoreFixture.Ask("dead", 2));
        var ended = (await store.ClaimAsync(StoreFixture.Ask("dead", 4))).Jobs;
        await store.FinishAsync([.. ended.Select((job, index) => End(job, index < 2 ? FinishKind.Completed : FinishKind.Dead))]);
        await store.LeaveAsync("dead");
        await store.EnqueueFlowAsync([Job("after", "other") with { After = [new JobAddress("default", "job-6"), new JobAddress("default", "later")] }], 1_000);
        await store.UpsertScheduleAsync(Schedule("nightly"), clock.GetUtcNow());
        var live = (await store.ClaimAsync(StoreFixture.Ask("live", 2))).Jobs;
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(2, live.Count);
        return live;
    }

    private static async Task RunAsync(JobStore store, string operation, IReadOnlyList<ClaimedJob> live, FakeClock clock)
    {
        JobFinish[] finishes = [End(live[0], FinishKind.Completed) with { Remove = true }, End(live[1], FinishKind.Retry)];
        var tick = clock.GetUtcNow() - TimeSpan.FromSeconds(2);
        var keepOne = new JobRetention(TimeSpan.FromDays(1), 1);
        await (operation switch
        {
            "enqueue" => store.EnqueueAsync([Job("new") with { Unique = Key("new") }, Job("newer")], 1_000).AsTask(),
            "enqueue flow" => store.EnqueueFlowAsync([Job("one"), Job("two", "other") with { After = [new JobAddress("default", "one"), new JobAddress("default", "job-2")] }], 1_000).AsTask(),
            "claim" => store.ClaimAsync(StoreFixture.Ask("live", 2) with { Finishes = finishes }).AsTask(),
            "finish" => store.FinishAsync(finishes).AsTask(),
            "heartbeat" => store.HeartbeatAsync(new HeartbeatRequest { Worker = new("live", "host", 1, ["default"]), Lease = TimeSpan.FromMinutes(2), Runs = [Run(live[0])] }).AsTask(),
            "sweep" => store.SweepAsync(new SweepRequest { Completed = keepOne, Cancelled = keepOne, Dead = keepOne }).AsTask(),
            "cancel" => store.CancelAsync("later").AsTask(),
            "replay" => store.ReplayAsync(["job-4", "job-5"], 5).AsTask(),
            "delete" => store.DeleteAsync(["job-2", "later"]).AsTask(),
            "upsert schedule" => store.UpsertScheduleAsync(Schedule("weekly"), clock.GetUtcNow()).AsTask(),
            "pause schedule" => store.SetSchedulePausedAsync("nightly", paused: true, nextAt: null).AsTask(),
            "remove schedule" => store.RemoveScheduleAsync("nightly").AsTask(),
            "fire schedule" => store.FireScheduleAsync(new FireRequest { Name = "nightly", Tick = tick, NextAt = tick.AddHours(1), Job = Job("fired"), MaximumQueueLength = 1_000 }).AsTask(),
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "is not an operation"),
        });
    }

    private static NewJob Job(string id, string queue = "default") => StoreFixture.Job(id, queue) with { Tags = ["t"] };

    private static JobUniqueness Key(string key) => new() { Key = key, Until = UniqueUntil.Ended };

    private static JobRun Run(ClaimedJob job) => new(job.Queue, job.Id, job.Token);

    private static JobFinish End(ClaimedJob job, FinishKind kind) => new() { Run = Run(job), Kind = kind, Error = kind == FinishKind.Completed ? null : "boom" };

    private static ScheduleDefinition Schedule(string name) => new() { Name = name, Cron = "* * * * *", TimeZone = "UTC", Queue = "default", Type = "work", Payload = "{}"u8.ToArray() };

    private static string Dump(StoreFixture fixture, List<string> tables) =>
        string.Join('\n', tables.SelectMany(table => Column(fixture, $"SELECT * FROM {table}").Order(StringComparer.Ordinal).Select(row => $"{table}: {row}")));

    /// <summary>Every row, its columns side by side.</summary>
    private static List<string> Column(StoreFixture fixture, string sql)
    {
        using var connection = fixture.Source.OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join(" | ", Enumerable.Range(0, reader.FieldCount).Select(field => reader.GetValue(field) is byte[] bytes ? Encoding.UTF8.GetString(bytes) : $"{reader.GetValue(field)}")));
        }

        return rows;
    }
}
