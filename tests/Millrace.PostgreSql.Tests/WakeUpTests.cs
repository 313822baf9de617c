using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Jobs;
using Millrace.PostgreSql.Listening;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

/// <summary>Workers of one process are woken by what others do. The clock of those who wait stands still, so that they never look by themselves.</summary>
[Trait("req", "J-12")]
public sealed class WakeUpTests(Server server) : IAsyncLifetime
{
    private const string Marks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    private const string Listening = "datname = current_database() AND query LIKE 'LISTEN %'";

    private static readonly TimeSpan[] Intervals = [.. Enumerable.Range(0, 10).Select(static number => TimeSpan.FromMilliseconds(50 << number))];

    private readonly FakeClock _clock = new();
    private readonly List<IAsyncDisposable> _opened = [];
    private Database _database = null!;

    public async ValueTask InitializeAsync() => _database = await Database.CreateAsync(server);

    public async ValueTask DisposeAsync()
    {
        for (var i = _opened.Count - 1; i >= 0; i--)
        {
            await _opened[i].DisposeAsync();
        }

        await _database.DisposeAsync();
    }

    [Theory]
    [InlineData("enqueue")]
    [InlineData("delayed")]
    [InlineData("retry")]
    [InlineData("flow")]
    [InlineData("replay")]
    [InlineData("resume")]
    [InlineData("heartbeat")]
    [InlineData("sweep")]
    public async Task Whatever_makes_work_in_one_process_wakes_a_worker_of_another(string how)
    {
        var (worker, other) = (Listen(_database), _database.Open(_clock));
        await Database.EnqueueAsync(other, Database.Job("before"));
        var claimed = Assert.Single((await other.ClaimAsync(Database.Ask("w", 1))).Jobs);
        if (how == "replay")
        {
            await other.FinishAsync([Database.Complete(claimed) with { Kind = FinishKind.Dead, Error = "boom" }]);
        }

        if (how == "resume")
        {
            await other.SetQueuePausedAsync("default", paused: true);
            await Database.EnqueueAsync(other, Database.Job("a"));
        }

        var wait = await SleepAsync(worker, "default", "quiet");
        switch (how)
        {
            case "enqueue":
                await Database.EnqueueAsync(other, Database.Job("a"));
                break;
            case "delayed":
                var next = Intervals.First(interval => _clock.TimersDueAt(_clock.GetUtcNow() + interval) == 1);
                await Database.EnqueueAsync(other, Database.Job("a") with { Delay = TimeSpan.FromSeconds(5) });
                await Poll.UntilAsync(() => Task.FromResult(_clock.TimersDueAt(_clock.GetUtcNow() + (next * 2)) == 1 ? null : "it has not"), "it has looked again");
                _clock.Advance(TimeSpan.FromSeconds(5));
                break;
            case "retry":
                await other.FinishAsync([Database.Complete(claimed) with { Kind = FinishKind.Retry, Error = "boom" }]);
                break;
            case "flow":
                await other.EnqueueFlowAsync([Database.Job("a") with { After = [new JobAddress("default", "before")] }], 1_000);
                Assert.False(wait.IsCompleted);
                await other.FinishAsync([Database.Complete(claimed)]);
                break;
            case "replay":
                await other.ReplayAsync(["before"], 0);
                break;
            case "resume":
                await other.SetQueuePausedAsync("default", paused: false);
                break;
            case "heartbeat":
                await other.HeartbeatAsync(new HeartbeatRequest { Worker = Database.Worker("w"), Lease = TimeSpan.FromMinutes(1), Runs = [] });
                break;
            default:
                await other.LeaveAsync("w");
                await other.SweepAsync(new SweepRequest { Completed = Keep, Cancelled = Keep, Dead = Keep });
                break;
        }

        await wait.WaitAsync(Database.Guard);
        await NoMarksAsync(_database);
    }

    [Fact]
    public async Task A_place_that_becomes_free_under_a_limit_wakes_a_worker_of_another_process()
    {
        var (worker, other) = (Listen(_database), Listen(_database));
        await Database.EnqueueAsync(other, Database.Job("a"), Database.Job("b"));
        var request = Database.Ask("w", 2) with { Queues = [new QueueCapacity("default", 2) { MaximumRunning = 1 }] };
        var running = Assert.Single((await other.ClaimAsync(request)).Jobs);
        Assert.Empty((await worker.ClaimAsync(request)).Jobs);
        var wait = await SleepAsync(worker, "default");

        await other.FinishAsync([Database.Complete(running)]);

        await wait.WaitAsync(Database.Guard);
    }

    [Fact]
    public async Task Every_queue_that_is_waited_for_wakes_and_no_other()
    {
        var (worker, other) = (Listen(_database), _database.Open(_clock));
        string[] queues = [.. Enumerable.Range(0, 60).Select(static number => $"queue-{number}")];
        foreach (var queue in (string[])[queues[0], queues[31], queues[59]])
        {
            var wait = await SleepAsync(worker, queues);
            await Database.EnqueueAsync(other, Database.Job("x" + queue, "other"));
            await Database.EnqueueAsync(other, Database.Job("a" + queue, queue));
            await wait.WaitAsync(Database.Guard);
            Assert.Single((await worker.ClaimAsync(Database.Ask("w", 10, queue))).Jobs);
        }
    }

    [Fact]
    public async Task Nothing_is_announced_while_nobody_waits_and_once_when_somebody_does()
    {
        var (worker, other) = (Listen(_database), _database.Open(_clock));
        await using var ear = await _database.Source.OpenConnectionAsync();
        var heard = new List<string>();
        ear.Notification += (_, notification) => heard.Add(notification.Payload);
        await using var listen = new NpgsqlCommand("LISTEN \"millrace.wake\"", ear);
        await listen.ExecuteNonQueryAsync();

        for (var i = 0; i < 20; i++)
        {
            await Database.EnqueueAsync(other, Database.Job($"job-{i}"));
        }

        await using var look = new NpgsqlCommand("SELECT 1", ear);
        await look.ExecuteNonQueryAsync();
        Assert.Empty(heard);

        var wait = await SleepAsync(worker, "quiet");
        await Database.EnqueueAsync(other, Database.Job("a"), Database.Job("b"));
        await Database.EnqueueAsync(other, Database.Job("c", "quiet"), Database.Job("d", "quiet"));
        await wait.WaitAsync(Database.Guard);
        await NoMarksAsync(_database);
        await Database.EnqueueAsync(other, Database.Job("e", "quiet"));
        await look.ExecuteNonQueryAsync();
        Assert.Equal(["quiet"], heard);
    }

    [Fact]
    public async Task A_transaction_of_a_caller_wakes_by_its_commit()
    {
        var (worker, other) = (Listen(_database), _database.Open(_clock));
        await using var connection = await _database.Source.OpenConnectionAsync();
        await using (var undone = await connection.BeginTransactionAsync())
        {
            await other.EnqueueWithinAsync(undone, [Database.Job("a")], 1_000);
            await undone.RollbackAsync();
        }

        await using var transaction = await connection.BeginTransactionAsync();
        await other.EnqueueWithinAsync(transaction, [Database.Job("b")], 1_000);
        var wait = await SleepAsync(worker, "default"); // later than the enqueue, and before the commit
        Assert.False(wait.IsCompleted);
        await transaction.CommitAsync();

        await wait.WaitAsync(Database.Guard);
        Assert.Equal("b", Assert.Single((await worker.ClaimAsync(Database.Ask("w", 10))).Jobs).Id);
    }

    [Fact]
    public async Task A_listener_whose_connection_is_cut_looks_for_work_and_listens_again()
    {
        var (worker, other) = (Listen(_database), _database.Open(_clock));
        var wait = await SleepAsync(worker, "default");
        await _database.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {Listening}");
        await ListensAsync(_database);
        await MarkedAsync(_database, 1);

        await Database.EnqueueAsync(other, Database.Job("a"));

        await wait.WaitAsync(Database.Guard);
    }

    [Fact]
    public async Task A_lost_mark_is_made_up_for_by_the_next_look()
    {
        var (worker, other) = (Listen(_database), _database.Open(_clock));
        var wait = await SleepAsync(worker, "default");
        await _database.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'");
        await MarkedAsync(_database, 0);
        await Database.EnqueueAsync(other, Database.Job("a"));
        Assert.False(wait.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(1));

        await wait.WaitAsync(Database.Guard);
    }

    [Fact]
    public async Task Workers_are_woken_again_after_the_server_was_stopped_and_started()
    {
        await using var own = new Server();
        await own.InitializeAsync();
        await using var database = await Database.CreateAsync(own);
        var (worker, other) = (Listen(database), database.Open(_clock));
        var wait = await SleepAsync(worker, database, "default");

        await own.Postgres.StopAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => wait.WaitAsync(Database.Guard)); // it looked, and could not
        database.Source.Clear();
        await own.Postgres.StartAgainAsync();
        wait = worker.WaitForWorkAsync(["default"], DateTimeOffset.MaxValue).AsTask();
        await ListensAsync(database);
        await MarkedAsync(database, 1);
        await Database.EnqueueAsync(other, Database.Job("a"));

        await wait.WaitAsync(Database.Guard);
    }

    [Fact]
    public async Task A_store_without_a_listener_looks_and_marks_nothing()
    {
        var (worker, other) = (_database.Open(_clock), _database.Open(_clock));
        var wait = worker.WaitForWorkAsync(["default"], DateTimeOffset.MaxValue).AsTask();
        for (var look = 0; look < 10; look++)
        {
            await _clock.WaitForTimersAsync(1).WaitAsync(Database.Guard);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(0, await _database.ScalarAsync<long>(Marks));
        Assert.Equal(0, await _database.ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE {Listening}"));
        await _clock.WaitForTimersAsync(1).WaitAsync(Database.Guard);
        await Database.EnqueueAsync(other, Database.Job("a"));
        Assert.False(wait.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1)); // the longest interval

        await wait.WaitAsync(Database.Guard);
    }

    [Fact]
    public async Task A_store_that_closes_ends_its_waits_and_leaves_no_connection()
    {
        var worker = Listen(_database);
        var wait = await SleepAsync(worker, "default");

        await worker.DisposeAsync();

        await wait.WaitAsync(Database.Guard);
        await MarkedAsync(_database, 0);
        Assert.Equal(0, await _database.ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE {Listening}"));
    }

    private static JobRetention Keep { get; } = new(TimeSpan.FromDays(1), 1_000);

    /// <summary>A store as <see cref="PostgresJobsBuilderExtensions"/> opens it, but for its clock.</summary>
    private SqlJobStore Listen(Database database)
    {
        var source = NpgsqlDataSource.Create(database.ConnectionString);
        var store = SqlJobStore.OnPostgres(source, SqlJobStore.DefaultSchema, new NpgsqlListener(source, NullLogger.Instance), _clock);
        _opened.AddRange([source, store]);
        return store;
    }

    private Task<Task> SleepAsync(JobStore store, params string[] queues) => SleepAsync(store, _database, queues);

    /// <summary>A wait that has begun, marked its queues and found nothing.</summary>
    private async Task<Task> SleepAsync(JobStore store, Database database, params string[] queues)
    {
        var wait = store.WaitForWorkAsync(queues, DateTimeOffset.MaxValue).AsTask();
        await MarkedAsync(database, queues.Length);
        await _clock.WaitForTimersAsync(1).WaitAsync(Database.Guard);
        return wait;
    }

    private static Task MarkedAsync(Database database, int queues) => Poll.UntilAsync(
        async () => await database.ScalarAsync<long>(Marks) is var marks && marks == queues ? null : $"{marks} are", $"{queues} queues are marked");

    private static Task NoMarksAsync(Database database) => MarkedAsync(database, 0);

    /// <summary>Lets the pauses between two attempts to listen pass.</summary>
    private Task ListensAsync(Database database) => Poll.UntilAsync(
        async () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            return await database.ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE {Listening}") == 1 ? null : "nobody listens";
        },
        "somebody listens");
}
