using Millrace.Caching.Tests.Sharing;
using Millrace.Redis;

namespace Millrace.Caching.Tests.Sessions;

/// <summary>Nodes that share sessions: each with a client of its own, or all with one memory.</summary>
internal sealed class SessionNodes : IAsyncDisposable
{
    private readonly List<RedisClient> _clients = [];
    private readonly List<SessionCache> _sessions = [];

    public string Prefix { get; } = SharedServers.Prefix();

    public IReadOnlyList<RedisClient> Clients => _clients;

    public SessionCache this[int index] => _sessions[index];

    public static async Task<SessionNodes> StartAsync(
        SharedServers servers, string store, int count, Action<SessionCacheOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new SessionCacheOptions();
        configure?.Invoke(options);
        var nodes = new SessionNodes();
        for (var i = 0; i < count; i++)
        {
            if (store == SharedServers.Memory)
            {
                nodes._sessions.Add(i == 0 ? SessionCache.InMemory(options, time) : nodes[0]);
            }
            else
            {
                nodes._clients.Add(await servers.ConnectAsync(store));
                nodes._sessions.Add(SessionCache.InRedis(nodes._clients[i], options, nodes.Prefix, time));
            }
        }

        return nodes;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sessions in _sessions)
        {
            await sessions.DisposeAsync();
        }

        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }
    }
}
