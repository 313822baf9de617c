using System.Text;
using Millrace.Jobs;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

[Trait("req", "J-12")]
public sealed class PostgresJobStoreTests(Server server) : IAsyncLifetime
{
    private Database _database = null!;

    public async ValueTask InitializeAsync() => _database = await Database.CreateAsync(server);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Another_store_finds_everything_as_it_was()
    {
        var clock = new FakeClock();
        var before = _database.Open(clock);
        await Database.EnqueueAsync(
            before,
            Database.Job("waiting") with { Tags = ["a", "ü\"\\"], Priority = -5, Timeout = TimeSpan.FromTicks(123_456_789), Schedule = "nightly" },
            Database.Job("delayed") with { Delay = TimeSpan.FromHours(1), Metadata = new Dictionary<string, string> { ["tenant"] = "Zoë\0" } });
        await Database.EnqueueAsync(before, Database.Job("running", "other") with { Payload = new byte[100_000] });
        await Database.EnqueueAsync(before, Database.Job("done", "third"));
        var running = Assert.Single((await before.ClaimAsync(Database.Ask("w1", 1, "other"))).Jobs);
        await before.ReportProgressAsync(Database.Run(running), 40, "two of five");
        var done = Assert.Single((await before.ClaimAsync(Database.Ask("w1", 1, "third"))).Jobs);
        await before.FinishAsync([Database.Complete(done) with { Result = Encoding.UTF8.GetBytes("[1]") }]);
        await before.SetQueuePausedAsync("quiet", paused: true);
        await before.UpsertScheduleAsync(
            new ScheduleDefinition { Name = "nightly", Cron = "0 2 * * *", TimeZone = "Europe/London", Queue = "default", Type = "work", Payload = "{}"u8.ToArray(), Tags = ["x"] },
            clock.GetUtcNow().AddHours(2));
        var expected = await Database.DescribeAsync(before);
        await before.DisposeAsync();

        var after = _database.Open(clock);
        Assert.Equal(expected, await Database.DescribeAsync(after));
        Assert.Contains("two of five", expected, StringComparison.Ordinal);
        Assert.Equal("Zoë\0", (await after.GetAsync("delayed"))!.Metadata["tenant"]);

        // The claim is still its worker's, and later tokens are later.
        Assert.Equal(FinishStatus.Applied, Assert.Single(await after.FinishAsync([Database.Complete(running)])).Status);
        Assert.True(Assert.Single((await after.ClaimAsync(Database.Ask("w2", 1))).Jobs).Token > done.Token);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_left_alone()
    {
        await _database.Open().InitializeAsync();
        await _database.ExecuteAsync("INSERT INTO millrace.schema (version, applied_at) VALUES (99, 0)");

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => _database.Open().InitializeAsync().AsTask());

        Assert.Matches("^The database holds a job store of schema version 99; this version of Millrace knows versions up to [0-9]+. A newer Millrace has used it", exception.Message);
        await _database.ExecuteAsync("DELETE FROM millrace.schema WHERE version = 99");
        await _database.Open().InitializeAsync();
    }

    [Fact]
    public async Task Stores_that_open_one_new_database_at_once_migrate_it_once()
    {
        await using var database = await Database.CreateBareAsync(server);
        var stores = Enumerable.Range(0, 8).Select(_ => database.Open()).ToList();
        await Task.WhenAll(stores.Select(store => Task.Run(async () => await Database.EnqueueAsync(store, Database.Job("same"))))).WaitAsync(Database.Guard);

        Assert.Equal(await database.ScalarAsync<long>("SELECT max(version) FROM millrace.schema"), await database.ScalarAsync<long>("SELECT count(*) FROM millrace.schema"));
        Assert.Equal(1, Assert.Single(await stores[0].GetQueuesAsync()).Waiting);
    }

    [Fact]
    public async Task Stores_in_two_schemas_share_nothing()
    {
        await using var database = await Database.CreateBareAsync(server);
        var (one, two) = (database.Open(schema: "one"), database.Open(schema: "two_2"));
        await Database.EnqueueAsync(one, Database.Job("a"));
        await Database.EnqueueAsync(two, Database.Job("a") with { Priority = 5 });
        await one.SetQueuePausedAsync("default", paused: true);

        Assert.Equal(5, Assert.Single((await two.ClaimAsync(Database.Ask("w", 10))).Jobs).Priority);
        Assert.Equal(JobState.Waiting, (await one.GetAsync("a"))!.State);
        Assert.Equal(["one", "two_2"], await database.ColumnAsync("SELECT nspname::text FROM pg_namespace WHERE nspname IN ('one', 'two_2', 'millrace') ORDER BY 1"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Jobs")]
    [InlineData("1st")]
    [InlineData("jobs; drop schema public")]
    [InlineData("jobs\n")]
    [InlineData("a23456789012345678901234567890123456789012345678901")]
    public void A_schema_whose_name_is_not_plain_is_refused(string schema) =>
        Assert.Throws<ArgumentException>(() => _database.Open(schema: schema));

    [Fact]
    public async Task A_user_without_the_right_to_create_schemas_needs_one_of_its_own()
    {
        await using var database = await Database.CreateBareAsync(server);
        var user = $"u{Guid.NewGuid():N}";
        await database.ExecuteAsync($"CREATE ROLE {user} LOGIN");
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = user }.ConnectionString);
        await using var store = SqlJobStore.OnPostgres(source);

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => store.InitializeAsync().AsTask());
        Assert.StartsWith("The job store (postgres) could not be opened: ", exception.Message);
        Assert.Contains("permission denied", exception.Message);

        await database.ExecuteAsync($"CREATE SCHEMA {SqlJobStore.DefaultSchema} AUTHORIZATION {user}");
        await Database.EnqueueAsync(store, Database.Job("a"));
        Assert.Single((await store.ClaimAsync(Database.Ask("w", 10))).Jobs);
    }

    [Fact]
    public async Task A_database_of_another_encoding_is_refused_saying_so()
    {
        await _database.ExecuteAsync("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Database = "latin" }.ConnectionString);
        await using var store = SqlJobStore.OnPostgres(source);

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => store.InitializeAsync().AsTask());

        Assert.Equal("The job store needs a database whose encoding is UTF8; that of 'latin' is LATIN1. Create another database with ENCODING 'UTF8'.", exception.Message);
    }

    [Fact]
    public async Task A_server_that_is_away_is_told_in_plain_words()
    {
        await using var source = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={Loopback.FreePort()};Username=nobody;Timeout=5");
        await using var store = SqlJobStore.OnPostgres(source);

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => store.EnqueueAsync([Database.Job("a")], 10).AsTask());

        Assert.StartsWith("The job store (postgres) could not be opened: ", exception.Message);
    }

    [Fact, Trait("peer", "10")]
    public async Task Time_is_the_server_s_when_the_store_is_given_no_clock()
    {
        var store = _database.Open();
        await Database.EnqueueAsync(store, Database.Job("a"), Database.Job("b") with { Delay = TimeSpan.FromMinutes(10) });
        var now = await _database.ScalarAsync<DateTime>("SELECT now()");

        var (a, b) = ((await store.GetAsync("a"))!, (await store.GetAsync("b"))!);
        Assert.InRange(now - a.CreatedAt.UtcDateTime, TimeSpan.Zero, Database.Guard);
        Assert.Equal(TimeSpan.FromMinutes(10), b.DueAt - b.CreatedAt);

        // A job that falls due by the server's clock is claimed, whatever the clocks of processes say.
        await _database.ExecuteAsync("UPDATE millrace.job SET due_at = millrace.clock(NULL) - 1 WHERE id = 'b'");
        Assert.Equal(["a", "b"], (await store.ClaimAsync(Database.Ask("w", 10))).Jobs.Select(static job => job.Id).Order());
        Assert.InRange((await store.GetDueSchedulesAsync(1)).Now - a.CreatedAt, TimeSpan.Zero, Database.Guard);
    }

    public static TheoryData<string, string> Texts() => new() // not as constants: half a pair does not survive in an attribute
    {
        { "zero \0 inside", "zero \uFFFD inside" },
        { "half " + '\uD83C', "half \uFFFD" },
        { "whole 🎡", "whole 🎡" },
    };

    [Theory]
    [MemberData(nameof(Texts), DisableDiscoveryEnumeration = true)]
    public async Task A_text_that_the_database_cannot_keep_does_not_keep_a_job_from_ending(string text, string kept)
    {
        var store = _database.Open();
        await Database.EnqueueAsync(store, Database.Job("a"));
        var job = Assert.Single((await store.ClaimAsync(Database.Ask("w", 1))).Jobs);

        Assert.True(await store.ReportProgressAsync(Database.Run(job), 1, text));
        Assert.Equal(FinishStatus.Applied, Assert.Single(await store.FinishAsync([Database.Complete(job) with { Kind = FinishKind.Dead, Error = text }])).Status);

        var dead = await store.GetAsync("a");
        Assert.Equal((kept, kept), (dead!.Error, dead.ProgressMessage));
    }

    [Theory]
    [InlineData("tags = ARRAY['']", "column 'tags'")]
    [InlineData("metadata = '[1]'", "column 'metadata'")]
    [InlineData("type = repeat('x', 101)", "column 'type'")]
    [InlineData("created_at = 9223372036854775807", "column 'created_at'")]
    public async Task A_row_that_something_else_spoiled_becomes_dead_and_holds_up_nothing(string change, string named)
    {
        var store = _database.Open();
        await Database.EnqueueAsync(store, Database.Job("spoiled"), Database.Job("sound"));
        await _database.ExecuteAsync($"UPDATE millrace.job SET {change} WHERE id = 'spoiled'");
        await Assert.ThrowsAsync<InvalidDataException>(() => store.GetAsync("spoiled").AsTask());

        Assert.Equal("sound", Assert.Single((await store.ClaimAsync(Database.Ask("w", 10))).Jobs).Id);

        Assert.Equal(4, await _database.ScalarAsync<short>("SELECT state FROM millrace.job WHERE id = 'spoiled'"));
        var error = await _database.ScalarAsync<string>("SELECT error FROM millrace.job WHERE id = 'spoiled'");
        Assert.Contains("id 'spoiled'", error);
        Assert.Contains(named, error);
        Assert.Equal(await _database.CountAsync(), await Database.CountsAsync(store));
    }

    [Fact]
    public async Task Jobs_that_something_else_removed_do_not_wake_workers_for_nothing()
    {
        var clock = new FakeClock();
        var store = _database.Open(clock);
        await Database.EnqueueAsync(store, Database.Job("a"));
        await store.WaitForWorkAsync(["default"], DateTimeOffset.MaxValue).AsTask().WaitAsync(Database.Guard);
        await _database.ExecuteAsync("DELETE FROM millrace.job");

        using var stop = new CancellationTokenSource();
        var wait = store.WaitForWorkAsync(["default"], DateTimeOffset.MaxValue, stop.Token).AsTask();
        await clock.WaitForTimersAsync(1).WaitAsync(Database.Guard);
        Assert.False(wait.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    [Fact]
    public async Task What_was_begun_is_done_when_the_store_closes_and_refused_afterwards()
    {
        var store = _database.Open();
        await store.InitializeAsync();
        Task<EnqueueOutcome> enqueue;
        ValueTask closing;
        await using (var connection = await _database.Source.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var hold = new NpgsqlCommand("LOCK TABLE millrace.job IN SHARE MODE", connection, transaction);
            await hold.ExecuteNonQueryAsync();
            enqueue = Database.EnqueueAsync(store, Database.Job("a"));
            await Poll.UntilAsync(
                async () => await _database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1 ? null : "nobody waits",
                "the enqueue waits for the lock");
            closing = store.DisposeAsync();
            Assert.False(closing.IsCompleted);
        }

        await closing.AsTask().WaitAsync(Database.Guard);
        Assert.Empty((await enqueue.WaitAsync(Database.Guard)).Existing);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Database.EnqueueAsync(store, Database.Job("b")));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.GetAsync("a").AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.ClaimAsync(Database.Ask("w", 1)).AsTask());
        Assert.NotNull(await _database.Open().GetAsync("a"));
    }

    [Fact]
    public async Task A_borrowed_connection_goes_back_as_it_was()
    {
        // One connection, which its pool does not reset.
        await using var source = NpgsqlDataSource.Create(_database.ConnectionString + ";No Reset On Close=true;Minimum Pool Size=1");
        var store = SqlJobStore.OnPostgres(source);
        await Database.EnqueueAsync(store, Database.Job("a"));
        await store.GetQueuesAsync();
        await store.DisposeAsync();

        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("SELECT name::text FROM pg_settings WHERE source = 'session' AND name LIKE 'enable%'", connection);
        Assert.Null(await command.ExecuteScalarAsync());
    }
}
