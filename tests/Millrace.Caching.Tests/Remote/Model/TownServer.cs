using Millrace.Caching.Tests.Sharing;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote.Model;

/// <summary>A server of one test's own, which may cut its connections; or a cluster, one of whose primaries does.</summary>
internal sealed class TownServer(string server, int port, IAsyncDisposable started) : IAsyncDisposable
{
    private int _troubles;

    /// <summary>Whether it has parts that fail each for itself.</summary>
    public bool IsCluster => started is RedisCluster;

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
            case SharedServers.Cluster: // nobody takes over from a primary that stands still
                var cluster = await RedisCluster.StartAsync("--cluster-require-full-coverage", "no", "--cluster-node-timeout", "60000");
                return new TownServer(server, cluster.Nodes[0].Port, cluster);
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
        await using var control = await RedisControl.ConnectAsync(Next?.Port ?? port);
        await control.SendAsync(SharedServers.ClientCommand(server), "KILL", "TYPE", kind, "SKIPME", "yes");
        if (then is not null)
        {
            await control.SendAsync(then);
        }
    }

    /// <summary>Lets it stand still for a while, if it can: connections stay, and nothing is answered.</summary>
    public async Task FreezeAsync(TimeSpan span)
    {
        if ((Next ?? started) is RedisServer redis)
        {
            await redis.PauseAsync();
            await Task.Delay(span, TimeProvider.System, CancellationToken.None);
            await redis.ResumeAsync();
        }
    }

    /// <summary>Of a cluster, one primary after another.</summary>
    private RedisServer? Next => started is RedisCluster cluster ? cluster.Nodes[Interlocked.Increment(ref _troubles) % 3].Server : null;

    public ValueTask DisposeAsync() => started.DisposeAsync();
}
