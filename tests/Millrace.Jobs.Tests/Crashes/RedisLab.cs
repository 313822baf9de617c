using Millrace.Jobs.Stores.Redis;
using Millrace.Jobs.Tests.Stores;
using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Crashes;

/// <summary>A Redis that writes each command to its log before it answers; it is killed (kill -9) and restarted.</summary>
internal sealed class RedisLab(RedisServer server, RedisClient client) : LabServer
{
    private readonly RedisJobStore _store = new(client, "millrace:jobs", TimeProvider.System);

    public override string Store => "redis";

    public override string Where => server.Address;

    public static async Task<RedisLab> StartAsync()
    {
        var server = await RedisServer.StartAsync(new RedisServerSetup { Arguments = ["--appendonly", "yes", "--appendfsync", "always"] });
        return new RedisLab(server, await RedisClients.ConnectAsync(server.Address));
    }

    public override Task<JobStore> OpenAsync() => Task.FromResult<JobStore>(_store);

    public override async Task<string?> DisturbAsync(Random random)
    {
        await server.RestartAsync();
        return "restarts of Redis";
    }

    public override async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await client.DisposeAsync();
        await server.DisposeAsync();
    }
}
