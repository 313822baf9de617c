using System.Text;
using Millrace.Jobs;

namespace Millrace.Sqlite.Tests;

/// <summary>A file, stores on it, and words for what tests do with them.</summary>
internal sealed class StoreFixture : IAsyncDisposable
{
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);
    private readonly TemporaryDirectory _directory = new();
    private readonly List<JobStore> _stores = [];

    public StoreFixture() =>
        Source = new SqliteDataSource(Path, new SqliteOptions { Synchronous = SqliteSynchronous.Normal, BusyTimeout = TimeSpan.FromSeconds(20) });

    public string Path => _directory.File("jobs.db");

    public SqliteDataSource Source { get; }

    public async Task<JobStore> OpenAsync(TimeProvider? clock = null)
    {
        var store = SqlJobStore.OnSqlite(Source, clock ?? TimeProvider.System);
        _stores.Add(store);
        await store.InitializeAsync();
        return store;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }

        await Source.DisposeAsync();
        _directory.Dispose();
    }

    public static NewJob Job(string id, string queue = "default") => new()
    {
        Id = id,
        Queue = queue,
        Type = "work",
        Payload = Encoding.UTF8.GetBytes($"{{\"id\":\"{id}\"}}"),
        MaxAttempts = 3,
    };

    public static ClaimRequest Ask(string worker, int maximum, string queue = "default") => new()
    {
        Worker = new WorkerIdentity(worker, "host", 1, [queue]),
        Lease = TimeSpan.FromMinutes(1),
        Queues = [new QueueCapacity(queue, maximum)],
        MaximumJobs = maximum,
    };

    public Task<EnqueueOutcome> EnqueueAsync(JobStore store, params NewJob[] jobs) => store.EnqueueAsync(jobs, 1_000_000).AsTask();

    /// <summary>Runs SQL on a connection of its own, as another program would.</summary>
    public void Execute(string sql)
    {
        using var connection = Source.OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Holds the write lock until disposed, so that what is asked of a store meanwhile gathers in its line.</summary>
    public WriteLock HoldWriteLock() => new(Source.OpenConnection());
}
