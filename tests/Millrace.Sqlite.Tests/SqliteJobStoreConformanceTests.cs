using Millrace.Jobs;
using Millrace.TestKit.Jobs;

namespace Millrace.Sqlite.Tests;

/// <summary>The shared suite and the seeded model test, on a file.</summary>
public sealed class SqliteJobStoreConformanceTests : JobGuardConformance
{
    private readonly TemporaryDirectory _directory = new();
    private SqliteDataSource? _source;

    protected override ValueTask<JobStore> CreateStoreAsync(TimeProvider clock)
    {
        _source = new SqliteDataSource(_directory.File("jobs.db"), new SqliteOptions { Synchronous = SqliteSynchronous.Normal });
        return ValueTask.FromResult<JobStore>(SqlJobStore.OnSqlite(_source, clock));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _source!.DisposeAsync();
        _directory.Dispose();
    }
}
