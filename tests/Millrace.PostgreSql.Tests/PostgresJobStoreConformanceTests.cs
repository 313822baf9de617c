using Millrace.Jobs;
using Millrace.TestKit.Jobs;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

/// <summary>The shared suite and the seeded model test, on a server. Its many tests take turns in one database.</summary>
public sealed class PostgresJobStoreConformanceTests(PostgresJobStoreConformanceTests.SharedDatabase shared)
    : JobGuardConformance, IClassFixture<PostgresJobStoreConformanceTests.SharedDatabase>
{
    protected override async ValueTask<JobStore> CreateStoreAsync(TimeProvider clock)
    {
        await shared.EmptyAsync();
        return SqlJobStore.OnPostgres(shared.Source, clock);
    }

    public sealed class SharedDatabase(Server server) : IAsyncLifetime
    {
        private Database _database = null!;

        public NpgsqlDataSource Source => _database.Source;

        public async ValueTask InitializeAsync() => _database = await Database.CreateAsync(server);

        public ValueTask DisposeAsync() => _database.DisposeAsync();

        /// <summary>Leaves the tables as the migrations do.</summary>
        public async Task EmptyAsync()
        {
            var tables = await _database.ColumnAsync("SELECT format('millrace.%I', tablename) FROM pg_tables WHERE schemaname = 'millrace' AND tablename <> 'schema'");
            await _database.ExecuteAsync($"TRUNCATE {string.Join(", ", tables)} RESTART IDENTITY; ALTER SEQUENCE millrace.token RESTART");
        }
    }
}
