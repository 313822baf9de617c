using Millrace.Jobs;
using Millrace.TestKit.Jobs;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

/// <summary>The shared suite and the seeded model test, on a server.</summary>
public sealed class PostgresJobStoreConformanceTests(Server server) : JobGuardConformance
{
    private NpgsqlDataSource? _source;

    protected override async ValueTask<JobStore> CreateStoreAsync(TimeProvider clock)
    {
        _source = NpgsqlDataSource.Create(await server.Postgres.CreateDatabaseAsync());
        return SqlJobStore.OnPostgres(_source, clock);
    }

    protected override async ValueTask<IReadOnlyList<string>> GroupStateAsync()
    {
        await using var command = _source!.CreateCommand(
            "SELECT 'group ' || name FROM millrace.job_group UNION ALL SELECT 'bucket ' || name FROM millrace.group_bucket UNION ALL SELECT 'news ' || name FROM millrace.group_news");
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
        await _source!.DisposeAsync();
    }
}
