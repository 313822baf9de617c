using Millrace.Redis;
using Millrace.TestKit.Redis;

[assembly: AssemblyFixture(typeof(Millrace.Caching.Tests.Sharing.SharedServers))]

namespace Millrace.Caching.Tests.Sharing;

/// <summary>
/// The servers that what nodes share is tested on: one Redis, one without key tracking, one cluster of six nodes, and Garnet when it was asked for, each started when the first
/// test asks for it. Tests use key prefixes of their own and change nothing for a whole server.
/// </summary>
public sealed class SharedServers : IAsyncLifetime
{
    public const string Memory = "memory";
    public const string Redis = "redis";
    public const string Untracked = "redis without key tracking";
    public const string Garnet = "garnet";
    public const string Cluster = "cluster";

    private static int _prefixes;

    private readonly Lazy<Task<RedisServer>> _redis = new(static () => RedisServer.StartAsync());
    private readonly Lazy<Task<RedisServer>> _untracked = new(StartUntrackedAsync);
    private readonly Lazy<Task<RedisCluster>> _cluster = new(static () => RedisCluster.StartAsync());
    private readonly Lazy<Task<GarnetServer>> _garnet = new(StartGarnetAsync);

    /// <summary>What every conformance test runs on.</summary>
    public static TheoryData<string> Stores => GarnetServer.IsRequested ? [Memory, Redis, Garnet] : [Memory, Redis];

    /// <summary>What tests of real servers run on.</summary>
    public static TheoryData<string> Servers => GarnetServer.IsRequested ? [Redis, Garnet] : [Redis];

    /// <summary>What a second level is tested on: a server that tells of changed keys, and those that do not.</summary>
    public static TheoryData<string> Levels => GarnetServer.IsRequested ? [Redis, Untracked, Garnet] : [Redis, Untracked];

    /// <summary>What begins no other test's keys.</summary>
    public static string Prefix() => $"t{Environment.ProcessId}.{Interlocked.Increment(ref _prefixes)}:";

    public Task<RedisServer> RedisAsync() => _redis.Value;

    /// <summary>The command <c>CLIENT</c> of a server.</summary>
    public static string ClientCommand(string server) => server == Untracked ? "CLIENT.OF.TESTS" : "CLIENT";

    /// <summary>A server that is as Garnet in this: CLIENT TRACKING is a command that it does not know.</summary>
    public static Task<RedisServer> StartUntrackedAsync() =>
        RedisServer.StartAsync(new RedisServerSetup { Arguments = ["--rename-command", "CLIENT", ClientCommand(Untracked)] });

    /// <summary>A Garnet whose scripts are atomic, which it has to be told.</summary>
    public static Task<GarnetServer> StartGarnetAsync() => GarnetServer.StartAsync("--lua-transaction-mode");

    public async Task<string> AddressAsync(string server) => server switch
    {
        Redis => (await _redis.Value).Address,
        Untracked => (await _untracked.Value).Address,
        Garnet => (await _garnet.Value).Address,
        _ => throw new ArgumentException($"There is no server {server}.", nameof(server)),
    };

    /// <summary>Sends a command of somebody else's.</summary>
    public async Task<TestKit.Redis.RedisReply> CommandAsync(string server, params string[] command)
    {
        await using var control = await RedisControl.ConnectAsync(int.Parse((await AddressAsync(server)).Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
        return await control.SendAsync(command);
    }

    public async Task<RedisClient> ConnectAsync(string server) => server switch
    {
        Redis => await ConnectToAsync((await _redis.Value).Address),
        Garnet => await ConnectToAsync((await _garnet.Value).Address),
        Cluster => await ConnectToAsync(
            string.Join(',', (await _cluster.Value).Nodes.Select(static node => $"127.0.0.1:{node.Port}")), RedisTopology.Cluster),
        _ => throw new ArgumentException($"There is no server {server}.", nameof(server)),
    };

    public static async Task<RedisClient> ConnectToAsync(string address, RedisTopology topology = RedisTopology.Single, TimeSpan? timeout = null)
    {
        var options = RedisOptions.Parse(address);
        options.Topology = topology;
        options.ConnectionsPerServer = 1;
        options.ConnectTimeout = TimeSpan.FromSeconds(20);
        options.CommandTimeout = timeout ?? TimeSpan.FromSeconds(30); // the machine may be busy
        options.ReconnectDelay = TimeSpan.FromMilliseconds(5);
        options.MaximumReconnectDelay = TimeSpan.FromMilliseconds(100);
        return await RedisClient.ConnectAsync(options, TestContext.Current.CancellationToken);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await EndAsync(_redis);
        await EndAsync(_untracked);
        await EndAsync(_cluster);
        await EndAsync(_garnet);
    }

    private static async Task EndAsync<T>(Lazy<Task<T>> server)
        where T : IAsyncDisposable
    {
        if (server.IsValueCreated)
        {
            await using var started = await server.Value;
        }
    }
}
