using System.Globalization;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Sentinel;

/// <summary>A Sentinel in the test's own process that says what the test wants.</summary>
internal sealed class FakeSentinel : IAsyncDisposable
{
    public const string Service = "mymaster";

    private volatile FakeRedis _primary;

    public FakeSentinel(FakeRedis primary)
    {
        _primary = primary;
        Server = FakeRedis.Start(Answer);
        Server.Mode = "sentinel";
    }

    public FakeRedis Server { get; }

    public RedisEndpoint Endpoint => new("127.0.0.1", Server.Port);

    /// <summary>Who it says is the primary.</summary>
    public FakeRedis Primary
    {
        get => _primary;
        set => _primary = value;
    }

    /// <summary>The configuration it says it knows.</summary>
    public int Epoch { get; set; } = 1;

    /// <summary>The replicas it knows, and what it thinks of each.</summary>
    public List<(int Port, string Flags)> Replicas { get; } = [];

    /// <summary>The other Sentinels it knows.</summary>
    public List<int> Others { get; } = [];

    /// <summary>The options of a client that asks it.</summary>
    public RedisOptions Options() => new()
    {
        Endpoints = { Endpoint },
        SentinelServiceName = Service,
        ReconnectDelay = TimeSpan.FromMilliseconds(1),
        MaximumReconnectDelay = TimeSpan.FromMilliseconds(20),
        CommandTimeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>Names another primary, and tells those who listen.</summary>
    public async Task SwitchToAsync(FakeRedis primary)
    {
        var former = _primary;
        await Server.WaitUntilAsync(() => Server.Connections.Any(IsListening), "somebody listens");
        _primary = primary;
        Epoch++;
        foreach (var connection in Server.Connections.Where(IsListening))
        {
            await connection.PushAsync("message", "+switch-master", $"{Service} 127.0.0.1 {former.Port} 127.0.0.1 {primary.Port}");
        }
    }

    /// <summary>Names another primary, as the leader of a failover does, and tells those who listen.</summary>
    public async Task PromoteAsync(FakeRedis primary)
    {
        await Server.WaitUntilAsync(() => Server.Connections.Any(IsListening), "somebody listens");
        var former = _primary;
        _primary = primary;
        Epoch++;
        foreach (var connection in Server.Connections.Where(IsListening))
        {
            await connection.PushAsync("message", "+promoted-slave", $"slave 127.0.0.1:{primary.Port} 127.0.0.1 {primary.Port} @ {Service} 127.0.0.1 {former.Port}");
        }
    }

    /// <summary>Ends it for its clients.</summary>
    public async Task DieAsync()
    {
        await Server.StopListeningAsync();
        await Server.CloseAllConnectionsAsync();
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private static bool IsListening(FakeConnection connection) => connection.Commands.Any(static command => command is ["SUBSCRIBE", "+switch-master"]);

    private FakeReply? Answer(FakeConnection connection, string[] command)
    {
        if (!FakeConnection.Is(command, "SENTINEL"))
        {
            return null;
        }

        if (command is [_, not "MASTERS", not Service, ..])
        {
            return command[1] == "GET-MASTER-ADDR-BY-NAME" ? Null(connection) : FakeReply.Error("ERR No such master with that name");
        }

        return command[1] switch
        {
            "GET-MASTER-ADDR-BY-NAME" => FakeReply.Array(FakeReply.Bulk("127.0.0.1"), FakeReply.Bulk($"{_primary.Port}")),
            "MASTER" => Instance(_primary.Port, "master"),
            "MASTERS" => FakeReply.Array(Instance(_primary.Port, "master")),
            "SENTINELS" => FakeReply.Array([.. Others.Select(port => Instance(port, "sentinel"))]),
            "REPLICAS" => FakeReply.Array([.. Replicas.Select(replica => Instance(replica.Port, replica.Flags))]),
            _ => null,
        };
    }

    private FakeReply Instance(int port, string flags)
    {
        string[] fields =
        [
            "name", Service, "ip", "127.0.0.1", "port", port.ToString(CultureInfo.InvariantCulture), "flags", flags,
            "config-epoch", Epoch.ToString(CultureInfo.InvariantCulture),
        ];
        return FakeReply.Array([.. fields.Select(FakeReply.Bulk)]);
    }

    private static FakeReply Null(FakeConnection connection) => connection.Protocol == 3 ? FakeReply.Null3 : FakeReply.Raw("*-1\r\n");
}
