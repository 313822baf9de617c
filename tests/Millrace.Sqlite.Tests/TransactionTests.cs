using System.Data.Common;
using Millrace.Jobs;

namespace Millrace.Sqlite.Tests;

/// <summary>Jobs that are enqueued in a transaction of the caller's, on a connection of its own to the same file.</summary>
[Trait("req", "J-12")]
public sealed class TransactionTests : IAsyncLifetime
{
    private readonly StoreFixture _fixture = new();
    private JobStore _store = null!;
    private DbConnection _connection = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await _fixture.OpenAsync();
        _connection = await _fixture.Source.OpenConnectionAsync();
        _fixture.Execute("CREATE TABLE orders (number INTEGER PRIMARY KEY)");
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _fixture.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task All_forms_of_enqueue_are_done_by_the_commit_and_undone_by_the_rollback(bool commits)
    {
        await using var transaction = await _connection.BeginTransactionAsync();
        await using (var insert = _connection.CreateCommand())
        {
            (insert.CommandText, insert.Transaction) = ("INSERT INTO orders VALUES (1)", transaction);
            await insert.ExecuteNonQueryAsync();
        }

        await _store.EnqueueWithinAsync(transaction, [StoreFixture.Job("a") with { Tags = ["t"] }, StoreFixture.Job("b")], 100);
        var unique = new JobUniqueness { Key = "k", Until = UniqueUntil.Ended };
        Assert.Empty((await _store.EnqueueWithinAsync(transaction, [StoreFixture.Job("c") with { Unique = unique }], 100)).Existing);
        Assert.Equal("c", (await _store.EnqueueWithinAsync(transaction, [StoreFixture.Job("d") with { Unique = unique }], 100)).Holders["d"]);
        Assert.Equal("default", (await _store.EnqueueWithinAsync(transaction, [StoreFixture.Job("x")], 3)).FullQueue);
        await _store.EnqueueFlowWithinAsync(transaction, [StoreFixture.Job("before"), StoreFixture.Job("after") with { After = [new JobAddress("default", "before")] }], 100);
        Assert.Null(await _store.GetAsync("a"));

        await (commits ? transaction.CommitAsync() : transaction.RollbackAsync());

        Assert.Equal(commits, await _store.GetAsync("a") is not null);
        var queue = (await _store.GetQueuesAsync()).SingleOrDefault();
        Assert.Equal(commits ? (4, 1) : (0, 0), (queue?.Waiting ?? 0, queue?.Blocked ?? 0));
        Assert.Equal(commits ? ["a", "b", "c", "before"] : [], (await _store.ClaimAsync(StoreFixture.Ask("w", 10))).Jobs.Select(static job => job.Id));
        await using var count = _connection.CreateCommand();
        count.CommandText = "SELECT count(*) FROM orders";
        Assert.Equal(commits ? 1L : 0L, await count.ExecuteScalarAsync());
        Assert.Empty((await _store.EnqueueAsync([StoreFixture.Job("e") with { Unique = unique with { Key = commits ? "other" : "k" } }], 100)).Existing);
    }

    [Fact]
    public async Task A_worker_that_waits_finds_the_job_within_a_second_of_the_commit()
    {
        var wait = _store.WaitForWorkAsync(["default"], TimeProvider.System.GetUtcNow().AddMinutes(10)).AsTask();
        await using var transaction = await _connection.BeginTransactionAsync();
        await _store.EnqueueWithinAsync(transaction, [StoreFixture.Job("a")], 100);
        Assert.False(wait.IsCompleted);
        await transaction.CommitAsync();

        await wait.WaitAsync(StoreFixture.Guard);
    }

    [Fact]
    public async Task What_is_no_transaction_of_the_jobs_file_under_way_is_refused_in_plain_words()
    {
        await using var ended = await _connection.BeginTransactionAsync();
        await ended.CommitAsync();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => _store.EnqueueWithinAsync(ended, [StoreFixture.Job("a")], 100).AsTask());
        Assert.StartsWith("The transaction has ended: it was committed or rolled back", error.Message, StringComparison.Ordinal);

        await using var other = new StoreFixture();
        await using var connection = await other.Source.OpenConnectionAsync();
        await using var elsewhere = await connection.BeginTransactionAsync();
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => _store.EnqueueWithinAsync(elsewhere, [StoreFixture.Job("a")], 100).AsTask());
        Assert.StartsWith($"The transaction is one of the file '{other.Path}'; the jobs are kept in '{_fixture.Path}'.", refused.Message, StringComparison.Ordinal);
    }
}
