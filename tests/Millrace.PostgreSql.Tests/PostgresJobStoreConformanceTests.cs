using Millrace.Jobs;
using Millrace.TestKit.Jobs;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

/// <summary>The shared suite and the seeded model test, on a server.</summary>
public sealed class PostgresJobStoreConformanceTests(Server server) : JobGuardConformance
{
    private readonly List<NpgsqlDataSource> _sources = [];

    protected override async ValueTask<JobStore> CreateStoreAsync(TimeProvider clock)
    {
        var source = NpgsqlDataSource.Create(await server.Postgres.CreateDatabaseAsync());
        _sources.Add(source);
        return SqlJobStore.OnPostgres(source, clock);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var source in _sources)
        {
            await source.DisposeAsync();
        }
    }
}
