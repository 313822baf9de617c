using Microsoft.Data.Sqlite;
using Millrace.Jobs;

namespace Millrace.Sqlite.Tests;

[Trait("req", "J-12")]
public sealed class GroupCommitTests : IAsyncDisposable
{
    private readonly StoreFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Theory]
    [InlineData("ABORT")] // undoes the statement
    [InlineData("ROLLBACK")] // takes the whole transaction with it, as a full disk may
    public async Task A_failing_operation_is_undone_alone_and_its_neighbours_are_kept(string failure)
    {
        var store = await _fixture.OpenAsync();
        _fixture.Execute($"CREATE TRIGGER poison BEFORE INSERT ON millrace_job WHEN NEW.id = 'poison' BEGIN SELECT RAISE({failure}, 'poisoned'); END");
        Task<EnqueueOutcome> plug, first, failing, second;
        using (_fixture.HoldWriteLock())
        {
            plug = _fixture.EnqueueAsync(store, StoreFixture.Job("plug"));
            first = _fixture.EnqueueAsync(store, StoreFixture.Job("first"));
            failing = _fixture.EnqueueAsync(store, StoreFixture.Job("with poison"), StoreFixture.Job("poison"));
            second = _fixture.EnqueueAsync(store, StoreFixture.Job("second"));
        }

        await Task.WhenAll(plug, first, second).WaitAsync(StoreFixture.Guard);
        Assert.Contains("poisoned", (await Assert.ThrowsAsync<SqliteException>(() => failing)).Message);

        var page = await store.ListAsync(new JobQuery());
        Assert.Equal(["plug", "first", "second"], page.Jobs.Select(static job => job.Id));
        Assert.Equal(3, Assert.Single(await store.GetQueuesAsync()).Waiting);

        await _fixture.EnqueueAsync(store, StoreFixture.Job("later"));
        Assert.NotNull(await store.GetAsync("later"));
    }

    [Fact]
    public async Task Nothing_is_acknowledged_before_its_commit()
    {
        var store = await _fixture.OpenAsync();
        Task<EnqueueOutcome> enqueue;
        using (_fixture.HoldWriteLock())
        {
            enqueue = _fixture.EnqueueAsync(store, StoreFixture.Job("a"));
            Assert.Null(await store.GetAsync("a"));
            Assert.False(enqueue.IsCompleted);
        }

        await enqueue.WaitAsync(StoreFixture.Guard);
        Assert.NotNull(await store.GetAsync("a"));
    }

    [Fact]
    public async Task An_operation_that_is_cancelled_in_line_is_not_done()
    {
        var store = await _fixture.OpenAsync();
        using var cancellation = new CancellationTokenSource();
        Task<EnqueueOutcome>[] plugs;
        Task<EnqueueOutcome> last;
        using (_fixture.HoldWriteLock())
        {
            // More than one transaction takes, so that what follows is still in line, whatever the writer has taken.
            plugs = [.. Enumerable.Range(0, 300).Select(n => _fixture.EnqueueAsync(store, StoreFixture.Job($"plug-{n}")))];
            var cancelled = store.EnqueueAsync([StoreFixture.Job("cancelled")], 1_000, cancellation.Token).AsTask();
            last = _fixture.EnqueueAsync(store, StoreFixture.Job("last"));
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        }

        await Task.WhenAll([.. plugs, last]).WaitAsync(StoreFixture.Guard);
        Assert.Null(await store.GetAsync("cancelled"));
        Assert.NotNull(await store.GetAsync("last"));
    }

    [Fact]
    public async Task More_operations_than_the_line_holds_wait_for_room_and_are_all_done()
    {
        var store = await _fixture.OpenAsync();
        Task<EnqueueOutcome>[] all;
        using (_fixture.HoldWriteLock())
        {
            all = [.. Enumerable.Range(0, 3_000).Select(n => _fixture.EnqueueAsync(store, StoreFixture.Job($"job-{n}")))];
            Assert.DoesNotContain(all, static task => task.IsCompleted);
        }

        await Task.WhenAll(all).WaitAsync(StoreFixture.Guard);
        Assert.Equal(3_000, Assert.Single(await store.GetQueuesAsync()).Waiting);
    }

    [Fact]
    public async Task Operations_in_line_are_done_when_the_store_closes_and_refused_afterwards()
    {
        var store = await _fixture.OpenAsync();
        Task<EnqueueOutcome> enqueue;
        ValueTask closing;
        using (_fixture.HoldWriteLock())
        {
            enqueue = _fixture.EnqueueAsync(store, StoreFixture.Job("a"));
            closing = store.DisposeAsync();
        }

        await closing;
        await enqueue.WaitAsync(StoreFixture.Guard);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _fixture.EnqueueAsync(store, StoreFixture.Job("b")));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.GetAsync("a").AsTask());
        Assert.NotNull(await (await _fixture.OpenAsync()).GetAsync("a"));
    }

    [Fact]
    public async Task A_lock_that_is_never_given_up_fails_the_operation_and_nothing_else()
    {
        using var source = new SqliteDataSource(_fixture.Path, new SqliteOptions { BusyTimeout = TimeSpan.Zero });
        await using var store = SqlJobStore.OnSqlite(source, TimeProvider.System);
        await store.InitializeAsync();
        using (_fixture.HoldWriteLock())
        {
            var exception = await Assert.ThrowsAsync<SqliteException>(() => _fixture.EnqueueAsync(store, StoreFixture.Job("a")));
            Assert.Equal(5, exception.SqliteErrorCode);
        }

        await _fixture.EnqueueAsync(store, StoreFixture.Job("a"));
        Assert.NotNull(await store.GetAsync("a"));
    }

    [Fact]
    public async Task A_heartbeat_and_a_claim_do_not_wait_for_the_line()
    {
        var store = await _fixture.OpenAsync();
        Task<EnqueueOutcome>[] line;
        Task<HeartbeatResult> heartbeat;
        Task<ClaimResult> claim;
        using (_fixture.HoldWriteLock())
        {
            // Large ones: they end their groups, so most are still to come when the next group is done.
            line = [.. Enumerable.Range(0, 300).Select(n => _fixture.EnqueueAsync(store, [.. Enumerable.Range(0, 101).Select(m => StoreFixture.Job($"{n}-{m}"))]))];
            heartbeat = store.HeartbeatAsync(new HeartbeatRequest { Worker = new("w", "host", 1, ["default"]), Lease = TimeSpan.FromMinutes(1), Runs = [] }).AsTask();
            claim = store.ClaimAsync(StoreFixture.Ask("w", 1_000)).AsTask();
        }

        await heartbeat.WaitAsync(StoreFixture.Guard);
        var found = (await claim.WaitAsync(StoreFixture.Guard)).Jobs.Count;
        Assert.True(found < 1_000, $"The claim found {found} jobs: operations that came first were done first.");
        await Task.WhenAll(line).WaitAsync(StoreFixture.Guard);
    }

    [Fact]
    public async Task A_claim_in_line_is_done_when_the_store_closes_and_refused_afterwards()
    {
        var store = await _fixture.OpenAsync();
        Task<ClaimResult> claim;
        ValueTask closing;
        using (_fixture.HoldWriteLock())
        {
            _ = _fixture.EnqueueAsync(store, StoreFixture.Job("a"));
            claim = store.ClaimAsync(StoreFixture.Ask("w", 1)).AsTask();
            closing = store.DisposeAsync();
        }

        await closing;
        await claim.WaitAsync(StoreFixture.Guard);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.ClaimAsync(StoreFixture.Ask("w", 1)).AsTask());
    }
}
