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

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _source!.DisposeAsync();
    }
}
