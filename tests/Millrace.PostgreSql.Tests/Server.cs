using Millrace.TestKit;

namespace Millrace.PostgreSql.Tests;

/// <summary>One server for all tests; each test has a database of its own.</summary>
public sealed class Server : IAsyncLifetime
{
    /// <summary>The server.</summary>
    public PostgresServer Postgres { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Postgres = await PostgresServer.StartAsync();

    public ValueTask DisposeAsync() => Postgres.DisposeAsync();
}
