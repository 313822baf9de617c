using Millrace.Jobs;
using Millrace.TestKit.Jobs;

namespace Millrace.Sqlite.Tests;

/// <summary>The shared suite and the seeded model test, on a file.</summary>
public sealed class SqliteJobStoreConformanceTests : JobGuardConformance
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<SqliteDataSource> _sources = [];

    protected override ValueTask<JobStore> CreateStoreAsync(TimeProvider clock)
    {
        var source = new SqliteDataSource(_directory.File($"jobs-{_sources.Count}.db"), new SqliteOptions { Synchronous = SqliteSynchronous.Normal });
        _sources.Add(source);
        return ValueTask.FromResult<JobStore>(SqlJobStore.OnSqlite(source, clock));
    }

    protected override async ValueTask<IReadOnlyList<string>> GroupStateAsync()
    {
        await using var connection = await _sources[0].OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT 'group ' || name FROM millrace_group UNION ALL SELECT 'bucket ' || name FROM millrace_group_bucket";
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var source in _sources)
        {
            await source.DisposeAsync();
        }

        _directory.Dispose();
    }
}
