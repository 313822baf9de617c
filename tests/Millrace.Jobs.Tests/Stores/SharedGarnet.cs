using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Stores;

/// <summary>One Garnet for the tests of a class, whose scripts are atomic, which it has to be told; each test has a prefix of its own.</summary>
public sealed class SharedGarnet : IAsyncLifetime
{
    public GarnetServer Server { get; private set; } = null!;

    public RedisClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await GarnetServer.StartAsync("--lua-transaction-mode");
        Client = await RedisClients.ConnectAsync(Server.Address);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }
}
