using Millrace.Caching.Tests.Sharing;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote.Model;

/// <summary>A server of one test's own, which may cut its connections.</summary>
internal sealed class TownServer(string server, int port, IAsyncDisposable started) : IAsyncDisposable
{
    public int Port => port;

    public string Address => $"127.0.0.1:{port}";

    /// <summary>Starts one of <see cref="SharedServers.Levels"/>.</summary>
    public static async Task<TownServer> StartAsync(string server)
    {
        switch (server)
        {
            case SharedServers.Redis:
                var redis = await RedisServer.StartAsync();
                return new TownServer(server, redis.Port, redis);
            case SharedServers.Untracked:
                var untracked = await SharedServers.StartUntrackedAsync();
                return new TownServer(server, untracked.Port, untracked);
            default:
                var garnet = await SharedServers.StartGarnetAsync();
                return new TownServer(server, garnet.Port, garnet);
        }
    }

    /// <summary>Sends a command of somebody else's.</summary>
    public async Task<RedisReply> CommandAsync(params string[] command)
    {
        await using var control = await RedisControl.ConnectAsync(port);
        return await control.SendAsync(command);
    }

    /// <summary>Cuts the connections of one kind, and sends a command at once.</summary>
    public async Task CutAsync(string kind, string[]? then)
    {
        await using var control = await RedisControl.ConnectAsync(port);
        await control.SendAsync(SharedServers.ClientCommand(server), "KILL", "TYPE", kind, "SKIPME", "yes");
        if (then is not null)
        {
            await control.SendAsync(then);
        }
    }

    /// <summary>Lets it stand still for a while, if it can: connections stay, and nothing is answered.</summary>
    public async Task FreezeAsync(TimeSpan span)
    {
        if (started is RedisServer redis)
        {
            await redis.PauseAsync();
            await Task.Delay(span, TimeProvider.System, CancellationToken.None);
            await redis.ResumeAsync();
        }
    }

    public ValueTask DisposeAsync() => started.DisposeAsync();
}
