using Millrace.TestKit.Redis;

[assembly: AssemblyFixture(typeof(Millrace.Redis.Tests.SharedRedis))]

namespace Millrace.Redis.Tests;

/// <summary>
/// One plain server for all classes of this assembly, and one Garnet when it was asked for. Tests use keys of their own and change nothing
/// for the whole server (no FLUSHALL, no CONFIG SET); a test that must starts a server itself.
/// </summary>
public sealed class SharedRedis : IAsyncLifetime
{
    private RedisServer? _server;
    private GarnetServer? _garnet;

    /// <summary>The plain server.</summary>
    public RedisServer Server => _server ?? throw new InvalidOperationException("The shared server did not start.");

    /// <summary>The address of a server that <see cref="RedisServers.All" /> names.</summary>
    public string AddressOf(string server) => server switch
    {
        RedisServers.Resp3 or RedisServers.Resp2 => Server.Address,
        RedisServers.Garnet when _garnet is not null => _garnet.Address,
        _ => throw new ArgumentException($"There is no server {server}.", nameof(server)),
    };

    /// <summary>Sends one command to a server that <see cref="RedisServers.All" /> names, past the client under test.</summary>
    public Task<TestKit.Redis.RedisReply> CommandAsync(string server, params string[] arguments) =>
        server == RedisServers.Garnet && _garnet is not null ? _garnet.CommandAsync(arguments) : Server.CommandAsync(arguments);

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        if (GarnetServer.IsRequested)
        {
            _garnet = await GarnetServer.StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_garnet is not null)
        {
            await _garnet.DisposeAsync();
        }
    }
}
