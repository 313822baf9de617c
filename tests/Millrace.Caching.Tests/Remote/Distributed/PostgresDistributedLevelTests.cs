using Microsoft.Extensions.Caching.Distributed;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.Caching.Tests.Remote.Distributed;

/// <summary>A distributed cache on a server of its own, which can go away.</summary>
public sealed class PostgresDistributedLevelTests(PostgresDistributedLevelTests.Server server)
    : DistributedLevelConformance, IClassFixture<PostgresDistributedLevelTests.Server>
{
    private NpgsqlDataSource _database = null!;

    public override async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Reads_go_on_while_the_server_refuses_and_what_was_invalidated_meanwhile_is_not_served_after_it()
    {
        await using var a = Process();
        await using var b = Process();
        Assert.Equal("old", await a.Cache.ReadAsync("k", static () => "old", "t"));
        Assert.Equal("old", await b.Cache.FindAsync("k"));

        await server.RefuseAsync(_database);
        await a.Cache.RemoveByTagAsync("t", Node.Token);
        await Poll.UntilAsync(
            async () =>
            {
                Assert.Equal("source", await a.Cache.ReadAsync(Guid.NewGuid().ToString("N"), static () => "source"));
                return a.Cache.IsSharing ? "it has not noticed" : null;
            },
            "the store is left alone");
        Assert.Equal("new", await a.Cache.ReadAsync("k", static () => "new", "t"));

        await server.AdmitAsync(_database);
        await Poll.UntilAsync(() => Task.FromResult(a.Cache.IsSharing ? null : "it is not used again"), "the store is used again");
        await using var late = Process();
        Assert.NotEqual("old", await late.Cache.FindAsync("k")); // what was owed has been paid
    }

    protected override async ValueTask<IDistributedCache> OpenAsync()
    {
        _database = NpgsqlDataSource.Create(await server.Postgres.CreateDatabaseAsync());
        return await PostgresStore.CreateAsync(_database);
    }

    /// <summary>One server for all tests of the class; each has a database of its own.</summary>
    public sealed class Server : IAsyncLifetime
    {
        public PostgresServer Postgres { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Postgres = await PostgresServer.StartAsync();

        public ValueTask DisposeAsync() => Postgres.DisposeAsync();

        /// <summary>Ends all connections to a database, and lets nobody in.</summary>
        public async Task RefuseAsync(NpgsqlDataSource database)
        {
            var name = Name(database);
            await ExecuteAsync($"ALTER DATABASE {name} ALLOW_CONNECTIONS false");
            await ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        }

        public Task AdmitAsync(NpgsqlDataSource database) => ExecuteAsync($"ALTER DATABASE {Name(database)} ALLOW_CONNECTIONS true");

        private static string Name(NpgsqlDataSource database) => new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!;

        private async Task ExecuteAsync(string sql)
        {
            await using var master = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={Postgres.Port};Username=postgres;Database=postgres");
            await using var command = master.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }
    }
}
