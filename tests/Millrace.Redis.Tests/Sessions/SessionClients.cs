using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Sessions;

/// <summary>Clients for the tests of this folder, and keys that no other test uses.</summary>
internal static class SessionClients
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static int _keys;

    public static ValueTask<RedisClient> ConnectAsync(SharedRedis redis, string server, Action<RedisOptions>? change = null)
    {
        var options = RedisOptions.Parse(redis.AddressOf(server));
        options.Protocol = RedisServers.ProtocolOf(server) == 2 ? RedisProtocol.Resp2 : RedisProtocol.Auto;
        options.CommandTimeout = TimeSpan.FromSeconds(30); // the machine may be busy
        options.ConnectTimeout = TimeSpan.FromSeconds(30);
        change?.Invoke(options);
        return RedisClient.ConnectAsync(options, TestContext.Current.CancellationToken);
    }

    public static ValueTask<RedisClient> ConnectAsync(RedisServer server, Action<RedisOptions>? change = null)
    {
        var options = RedisOptions.Parse(server.Address);
        options.CommandTimeout = TimeSpan.FromSeconds(30);
        options.ConnectTimeout = TimeSpan.FromSeconds(30);
        change?.Invoke(options);
        return RedisClient.ConnectAsync(options, TestContext.Current.CancellationToken);
    }

    public static string Key(string name) => $"sessions:{Environment.ProcessId}:{Interlocked.Increment(ref _keys)}:{name}";
}
