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

    protected override async ValueTask<IReadOnlyList<string>> GroupStateAsync()
    {
        await using var command = shared.Source.CreateCommand(
            "SELECT 'group ' || name FROM millrace.job_group UNION ALL SELECT 'bucket ' || name FROM millrace.group_bucket UNION ALL SELECT 'news ' || name FROM millrace.group_news");
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
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
