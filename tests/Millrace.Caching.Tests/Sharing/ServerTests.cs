using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Sharing;

/// <summary>Tests with a Redis of their own, to be stopped, killed and emptied.</summary>
public abstract class ServerTests : IAsyncLifetime
{
    private readonly List<RedisClient> _clients = [];
    private RedisServer? _server;

    protected RedisServer Server => _server ?? throw new InvalidOperationException("The server did not start.");

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Server.ResumeAsync();
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A client that lives as long as the test.</summary>
    protected async Task<RedisClient> ConnectAsync(TimeSpan? timeout = null)
    {
        var client = await SharedServers.ConnectToAsync(Server.Address, timeout: timeout);
        _clients.Add(client);
        return client;
    }
}
