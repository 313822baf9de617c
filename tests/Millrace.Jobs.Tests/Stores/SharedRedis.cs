using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Stores;

/// <summary>One Redis for the tests of a class; each test has a prefix of its own.</summary>
public sealed class SharedRedis : IAsyncLifetime
{
    public RedisServer Server { get; private set; } = null!;

    public RedisClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await RedisServer.StartAsync();
        Client = await RedisClient.ConnectAsync(Server.Address);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }
}
