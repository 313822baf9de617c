using System.Text;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Commands;

/// <summary>
/// The base of the commands' tests: each runs with a client that speaks RESP3, with one that speaks RESP2, and by ./test --garnet with one of
/// Garnet. Keys are the test's own, because the servers are shared.
/// </summary>
public abstract class CommandTests(SharedRedis redis) : IAsyncDisposable
{
    private readonly Dictionary<string, RedisClient> _clients = [];
    private readonly string _prefix = $"{{{Guid.NewGuid():N}}}:";

    protected SharedRedis Redis => redis;

    /// <summary>A key of this test's own; all of one test share a slot.</summary>
    protected RedisKey Key(string name = "key") => _prefix + name;

    /// <summary>What such a key's name begins with.</summary>
    protected string Prefix => _prefix;

    /// <summary>A client of the server, of the right protocol. The test disposes it at its end.</summary>
    protected async Task<RedisClient> ConnectAsync(string server)
    {
        if (!_clients.TryGetValue(server, out var client))
        {
            var options = RedisOptions.Parse(redis.AddressOf(server));
            options.Protocol = RedisServers.ProtocolOf(server) == 2 ? RedisProtocol.Resp2 : RedisProtocol.Resp3;
            options.CommandTimeout = TimeSpan.FromSeconds(30);
            _clients[server] = client = await RedisClient.ConnectAsync(options);
        }

        return client;
    }

    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    protected static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.UTF8.GetString(bytes);

    protected static string?[] Texts(byte[]?[] values) => Array.ConvertAll(values, Text);

    protected static string?[] Sorted(byte[]?[] values) => [.. Texts(values).Order(StringComparer.Ordinal)];

    protected static (string, double)[] Pairs(RedisScored[] values) => Array.ConvertAll(values, static value => (value.MemberText, value.Score));

    protected static (string, string)[] Pairs(RedisField[] values) => Array.ConvertAll(values, static value => (value.NameText, value.ValueText));

    protected static async Task<List<T>> AllAsync<T>(IAsyncEnumerable<T> items)
    {
        List<T> all = [];
        await foreach (var item in items)
        {
            all.Add(item);
        }

        return all;
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var client in _clients.Values)
        {
            await client.DisposeAsync();
        }
    }
}
