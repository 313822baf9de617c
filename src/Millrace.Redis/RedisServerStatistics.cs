namespace Millrace.Redis;

/// <summary>What a client has done with one server since it came to know it. A snapshot: the figures are read one after the other.</summary>
public sealed record RedisServerStatistics
{
    /// <summary>The server.</summary>
    public required RedisEndpoint Server { get; init; }

    /// <summary>Whether all of the shared connections to it are up.</summary>
    public required bool IsConnected { get; init; }

    /// <summary>Since when it is as <see cref="IsConnected"/> says, or, before the first attempt has ended, when the client came to know it.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>The connections that are open, dedicated ones included.</summary>
    public required int Connections { get; init; }

    /// <summary>Of <see cref="Connections"/>, those with a command on its way.</summary>
    public required int BusyConnections { get; init; }

    /// <summary>The commands that were handed to the network, the client's own included, such as those that open a connection.</summary>
    public required long Commands { get; init; }

    /// <summary>The commands that the server answered with an error, that timed out, or that were lost with their connection.</summary>
    public required long Errors { get; init; }

    /// <summary>The bytes of the commands; with TLS, before encryption.</summary>
    public required long BytesSent { get; init; }

    /// <summary>The bytes of the replies and pushes; with TLS, after decryption.</summary>
    public required long BytesReceived { get; init; }

    /// <summary>How often a shared connection was lost and came back.</summary>
    public required long Reconnects { get; init; }

    /// <summary>The commands that were taken by a connection and are not answered yet.</summary>
    public required int InFlight { get; init; }

    /// <summary>The commands that wait for room on a shared connection, or for the server to come back.</summary>
    public required int Waiting { get; init; }
}
