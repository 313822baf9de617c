using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs;
using Millrace.TestKit;

namespace Millrace.Sqlite.Tests;

[Trait("req", "J-12")]
public sealed class SqliteJobStoreTests : IAsyncDisposable
{
    private readonly StoreFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Reopening_the_file_keeps_everything()
    {
        var clock = new FakeClock();
        var before = await _fixture.OpenAsync(clock);
        await _fixture.EnqueueAsync(
            before,
            StoreFixture.Job("waiting") with { Tags = ["a", "ü\"\\"], Priority = -5, Timeout = TimeSpan.FromTicks(123_456_789), Schedule = "nightly" },
            StoreFixture.Job("delayed") with { Delay = TimeSpan.FromHours(1) },
            StoreFixture.Job("running", "other") with { Payload = new byte[100_000] },
            StoreFixture.Job("done", "third"));
        var running = Assert.Single((await before.ClaimAsync(StoreFixture.Ask("w1", 1, "other"))).Jobs);
        await before.ReportProgressAsync(new JobRun(running.Queue, running.Id, running.Token), 40, "two of five");
        var done = Assert.Single((await before.ClaimAsync(StoreFixture.Ask("w1", 1, "third"))).Jobs);
        await before.FinishAsync([new JobFinish { Run = new JobRun(done.Queue, done.Id, done.Token), Kind = FinishKind.Completed, Result = Encoding.UTF8.GetBytes("[1]") }]);
        await before.SetQueuePausedAsync("quiet", paused: true);
        await before.UpsertScheduleAsync(
            new ScheduleDefinition { Name = "nightly", Cron = "0 2 * * *", TimeZone = "Europe/London", Queue = "default", Type = "work", Payload = "{}"u8.ToArray(), Tags = ["x"] },
            clock.GetUtcNow().AddHours(2));
        var expected = await DescribeAsync(before);
        await before.DisposeAsync();

        var after = await _fixture.OpenAsync(clock);
        Assert.Equal(expected, await DescribeAsync(after));
        Assert.Contains("40", expected, StringComparison.Ordinal);

        // The claim is still its worker's, and later tokens are later.
        Assert.Equal(FinishStatus.Applied, Assert.Single(await after.FinishAsync([new JobFinish { Run = new JobRun(running.Queue, running.Id, running.Token), Kind = FinishKind.Completed }])).Status);
        Assert.True(Assert.Single((await after.ClaimAsync(StoreFixture.Ask("w2", 1))).Jobs).Token > done.Token);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_left_alone()
    {
        await (await _fixture.OpenAsync()).DisposeAsync();
        _fixture.Execute("INSERT INTO millrace_schema (version, applied_at) VALUES (99, 0)");

        var store = SqlJobStore.OnSqlite(_fixture.Source, TimeProvider.System);
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => store.InitializeAsync().AsTask());

        Assert.Equal(
            "The database holds a job store of schema version 99; this version of Millrace knows versions up to 7. "
            + "A newer Millrace has used it: update this program, or give it another database. Nothing was changed.",
            exception.Message);
        _fixture.Execute("DELETE FROM millrace_schema WHERE version = 99");
        await store.InitializeAsync();
        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_file_of_an_older_version_keeps_its_jobs()
    {
        var assembly = typeof(JobStore).Assembly;
        _fixture.Execute("CREATE TABLE millrace_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)");
        foreach (var (name, version) in assembly.GetManifestResourceNames().Where(static name => name.Contains(".Migrations.Sqlite.000", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Take(3).Zip([1, 2, 3]))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            _fixture.Execute(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
            _fixture.Execute($"INSERT INTO millrace_schema (version, applied_at) VALUES ({version}, 0)");
        }

        _fixture.Execute("""
            INSERT INTO millrace_job (sequence, id, queue, type, state, priority, attempt, max_attempts, tags, created_at, due_at, token, cancel_requested, progress, metadata, unique_key, unique_until)
            VALUES (7, 'old', 'default', 'work', 1, 5, 1, 3, '["t"]', 1000, 2000, 0, 0, 0, '{"a":"b"}', 'k', 0);
            INSERT INTO millrace_job (sequence, id, queue, type, state, priority, attempt, max_attempts, tags, created_at, due_at, finished_at, token, cancel_requested, progress, error)
            VALUES (9, 'dead', 'default', 'work', 4, 0, 3, 3, '[]', 1000, 1000, 3000, 4, 0, 0, 'boom');
            INSERT INTO millrace_payload (job, payload) VALUES (7, x'7b7d'), (9, x'7b7d');
            INSERT INTO millrace_queue (name, paused, scheduled, retrying, waiting, running, completed, dead, cancelled) VALUES ('default', 0, 0, 0, 1, 0, 0, 1, 0);
            """);
        var store = await _fixture.OpenAsync();

        Assert.Equal("boom", (await store.GetAsync("dead"))!.Error);
        var claimed = Assert.Single((await store.ClaimAsync(StoreFixture.Ask("w1", 10))).Jobs);
        Assert.Equal(("old", 5, 2, "t", "b"), (claimed.Id, claimed.Priority, claimed.Attempt, claimed.Tags[0], claimed.Metadata["a"]));
        Assert.Equal("k", (await store.GetAsync("old"))!.UniqueKey);
        await store.EnqueueFlowAsync([StoreFixture.Job("new") with { After = [new JobAddress("default", "old")] }], 10);
        await store.FinishAsync([new JobFinish { Run = new JobRun("default", "old", claimed.Token), Kind = FinishKind.Completed }]);
        Assert.Equal("new", Assert.Single((await store.ClaimAsync(StoreFixture.Ask("w1", 10))).Jobs).Id);
    }

    [Fact]
    public async Task Stores_that_open_one_new_file_at_once_migrate_it_once()
    {
        var stores = Enumerable.Range(0, 8).Select(_ => SqlJobStore.OnSqlite(_fixture.Source, TimeProvider.System)).ToList();
        await Task.WhenAll(stores.Select(store => Task.Run(async () => await store.InitializeAsync())));
        foreach (var store in stores)
        {
            await _fixture.EnqueueAsync(store, StoreFixture.Job("same"));
            await store.DisposeAsync();
        }

        using var connection = _fixture.Source.OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM millrace_schema";
        Assert.Equal(7L, command.ExecuteScalar());
    }

    [Fact]
    public async Task A_damaged_file_is_refused_saying_so()
    {
        var store = await _fixture.OpenAsync();
        await _fixture.EnqueueAsync(store, StoreFixture.Job("a"));
        await store.DisposeAsync();
        SqliteConnection.ClearAllPools();
        var bytes = await File.ReadAllBytesAsync(_fixture.Path);
        bytes.AsSpan(100).Fill(0xFF);
        await File.WriteAllBytesAsync(_fixture.Path, bytes);

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => _fixture.OpenAsync());

        Assert.StartsWith("The job store (sqlite) could not be opened: ", exception.Message);
        Assert.Contains("the file is damaged", exception.Message);
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_refused_with_path_reason_and_remedy()
    {
        await using var store = SqlJobStore.OnSqlite(new SqliteDataSource("/proc/jobs.db"), TimeProvider.System);
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => store.EnqueueAsync([StoreFixture.Job("a")], 10).AsTask());

        Assert.Contains("'/proc/jobs.db' could not be opened: the file cannot be created or read (SQLite error 14). Check the path", exception.Message);
    }

    [Fact]
    public async Task Two_stores_on_one_file_share_the_jobs_and_give_each_to_one_worker_only()
    {
        const int Count = 400;
        var first = await _fixture.OpenAsync();
        var second = await _fixture.OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, Count).Select(n => _fixture.EnqueueAsync(n % 2 == 0 ? first : second, StoreFixture.Job($"job-{n}"))));

        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(async n =>
        {
            var (store, mine) = (n % 2 == 0 ? first : second, new List<ClaimedJob>());
            while ((await store.ClaimAsync(StoreFixture.Ask($"w{n}", 7))).Jobs is { Count: > 0 } jobs)
            {
                mine.AddRange(jobs);
                await store.FinishAsync([.. jobs.Select(static job => new JobFinish { Run = new JobRun(job.Queue, job.Id, job.Token), Kind = FinishKind.Completed })]);
            }

            return mine;
        }));

        var all = claims.SelectMany(static mine => mine).ToList();
        Assert.Equal(Count, all.Count);
        Assert.Equal(Count, all.DistinctBy(static job => job.Id).Count());
        Assert.Equal(Count, all.DistinctBy(static job => job.Token).Count());
        Assert.Equal(Count, Assert.Single(await second.GetQueuesAsync()).Completed);
        Assert.Equal(0, Assert.Single(await first.GetQueuesAsync()).Running);
    }

    [Fact]
    public async Task A_wait_learns_what_another_process_enqueued()
    {
        var waiting = await _fixture.OpenAsync();
        var other = await _fixture.OpenAsync(); // shares nothing with the first but the file
        var wait = waiting.WaitForWorkAsync(["default"], DateTimeOffset.MaxValue).AsTask();
        Assert.False(wait.IsCompleted);

        await _fixture.EnqueueAsync(other, StoreFixture.Job("a"));

        await wait.WaitAsync(StoreFixture.Guard);
        Assert.Single((await waiting.ClaimAsync(StoreFixture.Ask("w", 1))).Jobs);
    }

    [Theory]
    [InlineData("tags = 'not JSON'", "column 'tags'")]
    [InlineData("tags = '[1]'", "column 'tags'")]
    [InlineData("max_attempts = 1000000", "column 'max_attempts'")]
    [InlineData("timeout_ticks = -1", "column 'timeout_ticks'")]
    [InlineData("created_at = 'yesterday'", "column 'created_at'")]
    public async Task A_row_that_something_else_spoiled_becomes_dead_and_holds_up_nothing(string change, string named)
    {
        var store = await _fixture.OpenAsync();
        await _fixture.EnqueueAsync(store, StoreFixture.Job("spoiled"), StoreFixture.Job("sound"));
        _fixture.Execute($"UPDATE millrace_job SET {change} WHERE id = 'spoiled'");
        await Assert.ThrowsAsync<InvalidDataException>(() => store.GetAsync("spoiled").AsTask());

        Assert.Equal("sound", Assert.Single((await store.ClaimAsync(StoreFixture.Ask("w", 10))).Jobs).Id);

        var dead = await store.GetAsync("spoiled");
        Assert.Equal(JobState.Dead, dead!.State);
        Assert.Contains("id 'spoiled'", dead.Error);
        Assert.Contains(named, dead.Error);
        var queue = Assert.Single(await store.GetQueuesAsync());
        Assert.Equal((0, 1, 1), (queue.Waiting, queue.Running, queue.Dead));
    }

    [Fact, Trait("peer", "8")]
    public async Task A_row_that_something_else_spoiled_gives_back_its_unique_key_and_those_that_wait_for_it_are_told()
    {
        var store = await _fixture.OpenAsync();
        var key = new JobUniqueness { Key = "k", Until = UniqueUntil.Ended };
        await _fixture.EnqueueAsync(store, StoreFixture.Job("spoiled") with { Unique = key });
        await store.EnqueueFlowAsync([StoreFixture.Job("after") with { After = [new JobAddress("default", "spoiled")], Condition = JobCondition.AllEnded }], 10);
        _fixture.Execute("UPDATE millrace_job SET tags = 'not JSON' WHERE id = 'spoiled'");
        await store.ClaimAsync(StoreFixture.Ask("w", 1));

        Assert.Equal(JobState.Dead, (await store.GetAsync("spoiled"))!.State);
        Assert.Empty((await store.EnqueueAsync([StoreFixture.Job("next") with { Unique = key }], 10)).Existing);
        Assert.Equal(JobState.Waiting, (await store.GetAsync("after"))!.State);
        Assert.Equal(["next"], (await store.EnqueueAsync([StoreFixture.Job("another") with { Unique = key }], 10)).Holders.Values);
    }

    [Fact]
    public async Task A_job_whose_payload_something_else_removed_becomes_dead_and_holds_up_nothing()
    {
        var store = await _fixture.OpenAsync();
        await _fixture.EnqueueAsync(store, StoreFixture.Job("spoiled"), StoreFixture.Job("sound"));
        _fixture.Execute("DELETE FROM millrace_payload WHERE job = (SELECT sequence FROM millrace_job WHERE id = 'spoiled')");

        Assert.Equal("sound", Assert.Single((await store.ClaimAsync(StoreFixture.Ask("w", 10))).Jobs).Id);
        var dead = await store.GetAsync("spoiled");
        Assert.Equal(JobState.Dead, dead!.State);
        Assert.Contains("column 'payload'", dead.Error);
    }

    [Fact]
    public async Task Jobs_that_something_else_removed_do_not_wake_workers_for_nothing()
    {
        var clock = new FakeClock();
        var store = await _fixture.OpenAsync(clock);
        await _fixture.EnqueueAsync(store, StoreFixture.Job("a"));
        await store.WaitForWorkAsync(["default"], DateTimeOffset.MaxValue).AsTask().WaitAsync(StoreFixture.Guard);
        _fixture.Execute("DELETE FROM millrace_job");

        using var stop = new CancellationTokenSource();
        var wait = store.WaitForWorkAsync(["default"], DateTimeOffset.MaxValue, stop.Token).AsTask();
        await clock.WaitForTimersAsync(1).WaitAsync(StoreFixture.Guard);
        Assert.False(wait.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    [Fact]
    public async Task UseSqlite_replaces_the_memory_store_and_its_file_is_the_one_named()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMillraceJobs().UseSqlite(_fixture.Path, options => options.Synchronous = SqliteSynchronous.Normal);
        await using (var provider = services.BuildServiceProvider())
        {
            var store = provider.GetRequiredService<JobStore>();
            Assert.IsType<SqlJobStore>(store, exactMatch: false);
            Assert.Equal("sqlite", store.Name);
            Assert.Equal(_fixture.Path, provider.GetRequiredKeyedService<SqliteDataSource>(SqliteJobsBuilderExtensions.ServiceKey).Path);
            await _fixture.EnqueueAsync(store, StoreFixture.Job("a"));
        }

        Assert.NotNull(await (await _fixture.OpenAsync()).GetAsync("a"));
    }

    [Fact]
    public void UseSqlite_refuses_what_names_no_file()
    {
        var builder = new ServiceCollection().AddMillraceJobs();
        Assert.Throws<ArgumentException>(() => builder.UseSqlite(":memory:"));
        Assert.Throws<ArgumentException>(() => builder.UseSqlite("jobs.db", options => options.BusyTimeout = TimeSpan.FromDays(1)));
    }

    private static async Task<string> DescribeAsync(JobStore store)
    {
        var lines = new List<string>();
        foreach (var job in (await store.ListAsync(new JobQuery())).Jobs)
        {
            lines.Add($"{job} {string.Join(',', job.Tags)} {Convert.ToHexString(job.Payload.Span)} {(job.Result is { } result ? Convert.ToHexString(result.Span) : "")}");
        }

        lines.AddRange((await store.GetWorkersAsync()).Select(static worker => $"{worker} {string.Join(',', worker.Identity.Queues)}"));
        lines.AddRange((await store.GetSchedulesAsync()).Select(
            static schedule => $"{schedule} {string.Join(',', schedule.Definition.Tags)} {Convert.ToHexString(schedule.Definition.Payload.Span)}"));
        lines.AddRange((await store.GetQueuesAsync()).Select(static queue => queue.ToString()));
        return string.Join('\n', lines);
    }
}
