using Millrace.Jobs;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

/// <summary>One server for all tests; each test has a database of its own, a copy of one that the store has migrated.</summary>
public sealed class Server : IAsyncLifetime
{
    private string _administration = null!;

    /// <summary>The server.</summary>
    public PostgresServer Postgres { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Postgres = await PostgresServer.StartAsync();
        _administration = await Postgres.CreateDatabaseAsync();
        var template = new NpgsqlConnectionStringBuilder(_administration) { Database = "template", Pooling = false }.ConnectionString;
        await ExecuteAsync("CREATE DATABASE template");
        await using var source = NpgsqlDataSource.Create(template);
        await using var store = SqlJobStore.OnPostgres(source);
        await store.InitializeAsync();
    }

    public ValueTask DisposeAsync() => Postgres.DisposeAsync();

    /// <summary>Makes a database that has the store's tables, and nothing in them.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"t{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE template STRATEGY FILE_COPY"); // a third faster than WAL_LOG where nothing waits for the disk
        return new NpgsqlConnectionStringBuilder(_administration) { Database = name }.ConnectionString;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(_administration);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
