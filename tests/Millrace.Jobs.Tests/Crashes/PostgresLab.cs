using Millrace.TestKit;
using Npgsql;

namespace Millrace.Jobs.Tests.Crashes;

/// <summary>A PostgreSQL server that crashes (an immediate shutdown) and recovers from its log, and that ends connections in the midst of what they do.</summary>
internal sealed class PostgresLab(PostgresServer server, string connectionString) : LabServer
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connectionString + ";Application Name=lab");
    private readonly List<JobStore> _stores = [];

    public override string Store => "postgres";

    public override string Where => connectionString;

    public static async Task<PostgresLab> StartAsync()
    {
        var server = await PostgresServer.StartAsync();
        return new PostgresLab(server, await server.CreateDatabaseAsync());
    }

    public override async Task<JobStore> OpenAsync()
    {
        var store = SqlJobStore.OnPostgres(_source);
        _stores.Add(store);
        await store.InitializeAsync(TestContext.Current.CancellationToken);
        return store;
    }

    public override async Task<string?> DisturbAsync(Random random)
    {
        if (random.Next(2) == 0)
        {
            // By a connection of its own: a pooled one may be from before a crash.
            await using var connection = new NpgsqlConnection(connectionString + ";Application Name=lab;Pooling=false");
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = new NpgsqlCommand("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'lab'", connection);
            await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
            return "rounds of ended connections";
        }

        await server.CrashAsync();
        await server.StartAgainAsync();
        return "crashes of PostgreSQL";
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }

        await _source.DisposeAsync();
        await server.DisposeAsync();
    }
}
