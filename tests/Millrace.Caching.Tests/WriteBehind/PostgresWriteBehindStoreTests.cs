using Millrace.Caching.WriteBehind;
using Millrace.Caching.WriteBehind.Sql;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.Caching.Tests;

public sealed class PostgresWriteBehindStoreTests(PostgresWriteBehindStoreTests.Server server) : WriteBehindStoreConformance, IClassFixture<PostgresWriteBehindStoreTests.Server>
{
    private NpgsqlDataSource? _source;

    private protected override async Task<WriteBehindStore> OpenAsync(StoreLimits limits, string name)
    {
        _source ??= NpgsqlDataSource.Create(await server.Postgres.CreateDatabaseAsync());
        var store = new SqlWriteBehindStore(_source, WriteDialect.Postgres, name, limits, TimeProvider.System);
        await store.InitializeAsync(CancellationToken.None);
        return store;
    }

    protected override ValueTask CloseAsync() => _source!.DisposeAsync();

    /// <summary>One server for all tests of the class; each has a database of its own.</summary>
    public sealed class Server : IAsyncLifetime
    {
        public PostgresServer Postgres { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Postgres = await PostgresServer.StartAsync();

        public ValueTask DisposeAsync() => Postgres.DisposeAsync();
    }
}
