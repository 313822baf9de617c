using Millrace.TestKit;

[assembly: AssemblyFixture(typeof(Township.Tests.PostgresFixture))]

namespace Township.Tests;

/// <summary>One PostgreSQL server for all tests of this project, started by the first that asks; every test makes a database of its own.</summary>
public sealed class PostgresFixture : IAsyncDisposable
{
    private readonly Lazy<Task<PostgresServer>> _server = new(PostgresServer.StartAsync);

    public async Task<string> CreateDatabaseAsync() => await (await _server.Value).CreateDatabaseAsync();

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated)
        {
            await (await _server.Value).DisposeAsync();
        }
    }
}
