using System.Text;
using Millrace.Jobs;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

/// <summary>The connection of an operation dies at each of the places where it can: before and after every statement that writes, and at the commit.
/// Then nothing has changed, and doing it again does what one undisturbed call does.</summary>
[Trait("req", "J-09"), Trait("peer", "1"), Trait("peer", "11"), Trait("peer", "14")]
public sealed class CrashTests(Server server) : IAsyncLifetime
{
    private static readonly string[] Tables = ["job", "job_tag", "queue", "queue_change", "worker", "schedule", "unique_key", "wait", "link", "link_end"];

    // Counts down on every call and ends its own connection at zero.
    private const string Bomb = """
        CREATE SEQUENCE countdown MINVALUE -1000000;
        CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF nextval('countdown') = 0 THEN
            PERFORM pg_terminate_backend(pg_backend_pid());
            PERFORM pg_sleep(60);
          END IF;
          RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER crash_commit AFTER INSERT OR UPDATE OR DELETE ON millrace.job DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION crash();
        CREATE CONSTRAINT TRIGGER crash_commit AFTER INSERT OR UPDATE OR DELETE ON millrace.worker DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION crash();
        """;

    private static readonly JobRetention KeepTwo = new(TimeSpan.FromDays(1), 2);

    private FakeClock _clock = new();
    private Database _database = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await Database.CreateAsync(server);
        await _database.Open(_clock).InitializeAsync();
        await _database.ExecuteAsync(Bomb);
        foreach (var table in Tables)
        {
            await _database.ExecuteAsync(
                $"CREATE TRIGGER crash_before BEFORE INSERT OR UPDATE OR DELETE ON millrace.{table} EXECUTE FUNCTION crash();"
                + $"CREATE TRIGGER crash_after AFTER INSERT OR UPDATE OR DELETE ON millrace.{table} EXECUTE FUNCTION crash()");
        }
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    public static TheoryData<string, int> Operations() => new()
    {
        // Each with the least number of places at which it can be cut.
        { "enqueue", 6 },
        { "enqueue unique", 8 },
        { "enqueue flow", 10 },
        { "claim", 10 },
        { "finish", 6 },
        { "heartbeat", 6 },
        { "progress", 2 },
        { "leave", 2 },
        { "sweep", 10 },
        { "cancel", 4 },
        { "replay", 4 },
        { "delete", 6 },
        { "pause", 2 },
        { "upsert schedule", 2 },
        { "pause schedule", 2 },
        { "remove schedule", 2 },
        { "fire schedule", 6 },
    };

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task An_operation_that_is_cut_anywhere_has_done_nothing_and_can_be_done_again(string operation, int places)
    {
        var results = new HashSet<string>(StringComparer.Ordinal);
        var place = 0;
        for (var crashed = true; crashed;)
        {
            place++;
            _clock = new FakeClock();
            await using var source = NpgsqlDataSource.Create(_database.ConnectionString);
            await using var observer = SqlJobStore.OnPostgres(source, _clock);
            var claimed = await PrepareAsync(observer);
            var before = (await Database.DescribeAsync(observer), string.Join('\n', await GuardsAsync()));
            await using var store = SqlJobStore.OnPostgres(source, _clock);
            await store.InitializeAsync();

            await ArmAsync(place);
            crashed = false;
            try
            {
                await RunAsync(store, operation, claimed);
            }
            catch (NpgsqlException)
            {
                crashed = true;
            }

            await DisarmAsync();
            if (crashed)
            {
                // The dying connection holds its locks for another moment, and a sweep passes over what is locked.
                await Poll.UntilAsync(
                    async () => await _database.ScalarAsync<long>(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()") == 0 ? null : "it is still there",
                    "the connection is gone");
                Assert.Equal(before, (await Database.DescribeAsync(observer), string.Join('\n', await GuardsAsync())));
                await RunAsync(store, operation, claimed);
            }

            results.Add($"{await Database.DescribeAsync(observer)}\n{string.Join('\n', await GuardsAsync())}");
            Assert.Equal(await _database.CountAsync(), (await Database.CountsAsync(observer)).Where(static line => !line.EndsWith("0 0 0 0 0 0 0", StringComparison.Ordinal)));
            Assert.Equal(
                await _database.ColumnAsync("SELECT id || ' ' || unnest(tags) FROM millrace.job ORDER BY 1"),
                await _database.ColumnAsync("SELECT id || ' ' || tag FROM millrace.job_tag ORDER BY 1"));
        }

        Assert.True(place > places, $"{operation} was cut at {place - 1} places only: the triggers no longer see its statements");
        Assert.Single(results);
    }

    /// <summary>Who holds which unique key, and who waits for whom.</summary>
    private Task<List<string>> GuardsAsync() => _database.ColumnAsync("""
        SELECT concat_ws(' ', 'key', queue, key, job) FROM millrace.unique_key
        UNION ALL SELECT concat_ws(' ', 'wait', job, open) FROM millrace.wait
        UNION ALL SELECT concat_ws(' ', 'link', job, position, queue, id, ended) FROM millrace.link ORDER BY 1
        """);

    private Task ArmAsync(int place) => _database.ExecuteAsync($"SELECT setval('countdown', {-place})");

    private Task DisarmAsync() => _database.ExecuteAsync("SELECT setval('countdown', 1)");

    /// <summary>Jobs in every state, a dead worker and a live one, a schedule that is due.</summary>
    private async Task<IReadOnlyList<ClaimedJob>> PrepareAsync(SqlJobStore store)
    {
        await DisarmAsync();
        await _database.ExecuteAsync($"TRUNCATE {string.Join(", ", Tables.Select(static table => "millrace." + table))} RESTART IDENTITY");
        await store.EnqueueAsync([.. Enumerable.Range(0, 12).Select(static number => Database.Job($"job-{number:00}") with { Tags = ["t"] })], 1_000);
        await store.EnqueueAsync([Database.Job("later") with { Delay = TimeSpan.FromMinutes(1), Tags = ["t"], Unique = new() { Key = "later", Until = UniqueUntil.Ended } }, Database.Job("late") with { Delay = TimeSpan.FromSeconds(1) }], 1_000);
        var dead = (await store.ClaimAsync(Database.Ask("dead", 2))).Jobs;
        var ended = (await store.ClaimAsync(Database.Ask("dead", 6))).Jobs;
        await store.FinishAsync([.. ended.Select((job, index) => Database.Complete(job) with { Kind = index < 4 ? FinishKind.Completed : FinishKind.Dead, Error = "boom" })]);
        await store.LeaveAsync("dead");
        await store.EnqueueFlowAsync([Database.Job("after") with { Delay = TimeSpan.FromMinutes(1), After = [new JobAddress("default", "job-08"), new JobAddress("default", "later")] }], 1_000);
        await store.UpsertScheduleAsync(Schedule("nightly"), _clock.GetUtcNow());
        var live = (await store.ClaimAsync(Database.Ask("live", 2))).Jobs;
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((2, 6, 2), (dead.Count, ended.Count, live.Count));
        return live;
    }

    private static ScheduleDefinition Schedule(string name) => new()
    {
        Name = name,
        Cron = "* * * * *",
        TimeZone = "UTC",
        Queue = "default",
        Type = "work",
        Payload = Encoding.UTF8.GetBytes("{}"),
    };

    private async Task RunAsync(JobStore store, string operation, IReadOnlyList<ClaimedJob> live)
    {
        var tick = _clock.GetUtcNow() - TimeSpan.FromSeconds(2);
        var finishes = new[] { Database.Complete(live[0]) with { Remove = true }, Database.Complete(live[1]) with { Kind = FinishKind.Retry, Error = "boom" } };
        switch (operation)
        {
            case "enqueue":
                await store.EnqueueAsync([Database.Job("new") with { Tags = ["t", "u"] }, Database.Job("newer", "default")], 1_000);
                break;
            case "enqueue unique":
                await store.EnqueueAsync([Database.Job("new") with { Unique = new() { Key = "new", Until = UniqueUntil.Ended } }, Database.Job("kept-out") with { Unique = new() { Key = "later", Until = UniqueUntil.Ended } }], 1_000);
                break;
            case "enqueue flow":
                await store.EnqueueFlowAsync([Database.Job("one"), Database.Job("two") with { After = [new JobAddress("default", "one"), new JobAddress("default", "job-02")] }], 1_000);
                break;
            case "claim":
                await store.ClaimAsync(Database.Ask("live", 2) with { Finishes = finishes });
                break;
            case "finish":
                await store.FinishAsync(finishes);
                break;
            case "heartbeat":
                await store.HeartbeatAsync(new HeartbeatRequest { Worker = Database.Worker("live"), Lease = TimeSpan.FromMinutes(2), Runs = [Database.Run(live[0])] });
                break;
            case "progress":
                await store.ReportProgressAsync(Database.Run(live[0]), 50, "half");
                break;
            case "leave":
                await store.LeaveAsync("live");
                break;
            case "sweep":
                await store.SweepAsync(new SweepRequest { Completed = KeepTwo, Cancelled = KeepTwo, Dead = KeepTwo });
                break;
            case "cancel":
                await store.CancelAsync("later");
                break;
            case "replay":
                await store.ReplayAsync(["job-06", "job-07"], 5);
                break;
            case "delete":
                await store.DeleteAsync(["job-02", "later", "job-00"]);
                break;
            case "pause":
                await store.SetQueuePausedAsync("other", paused: true);
                break;
            case "upsert schedule":
                await store.UpsertScheduleAsync(Schedule("weekly"), _clock.GetUtcNow());
                break;
            case "pause schedule":
                await store.SetSchedulePausedAsync("nightly", paused: true, nextAt: null);
                break;
            case "remove schedule":
                await store.RemoveScheduleAsync("nightly");
                break;
            case "fire schedule":
                await store.FireScheduleAsync(new FireRequest { Name = "nightly", Tick = tick, NextAt = tick.AddHours(1), Job = Database.Job("fired"), MaximumQueueLength = 1_000 });
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation, "is not an operation");
        }
    }
}
