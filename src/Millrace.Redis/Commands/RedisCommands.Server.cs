using Millrace.Redis.Commands;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

public abstract partial class RedisCommands
{
    private static readonly CommandName Ping = CommandName.Read("PING");
    private static readonly CommandName Echo = CommandName.Read("ECHO");
    private static readonly CommandName Time = CommandName.Write("TIME"); // not of a replica: stamps come from the server that writes
    private static readonly CommandName Info = CommandName.Write("INFO"); // of the server that writes, too
    private static readonly CommandName Wait = CommandName.Write("WAIT");
    private static readonly CommandName Publish = CommandName.Write("PUBLISH");
    private static readonly CommandName SPublish = CommandName.Write("SPUBLISH");

    /// <summary>PING: whether a server answers.</summary>
    /// <returns>Ends when it has.</returns>
    public ValueTask PingAsync(CancellationToken cancellationToken = default) => EndAsync(SendAsync(Ping, Replies.Text, cancellationToken));

    /// <summary>ECHO: sends something to and fro.</summary>
    /// <returns>What was sent.</returns>
    public ValueTask<byte[]?> EchoAsync(RedisArgument message, CancellationToken cancellationToken = default) =>
        SendAsync(Echo, Replies.Bytes, cancellationToken, message);

    /// <summary>TIME: the clock of a server that takes writes (in a cluster of any such), in UTC, with microseconds.</summary>
    public ValueTask<DateTimeOffset> TimeAsync(CancellationToken cancellationToken = default) => SendAsync(Time, Replies.Clock, cancellationToken);

    /// <summary>INFO: what a server that takes writes tells about itself (in a cluster any such).</summary>
    /// <param name="section">Such as <c>server</c>, <c>memory</c>, <c>replication</c>, <c>everything</c>; null: the server's usual ones. Default: null.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Values by name, without the headings of the sections.</returns>
    public ValueTask<IReadOnlyDictionary<string, string>> InfoAsync(string? section = null, CancellationToken cancellationToken = default) =>
        section is null
            ? SendAsync(Info, InfoReply.Parser, cancellationToken)
            : SendAsync(Info, InfoReply.Parser, cancellationToken, section);

    /// <summary>
    /// WAIT: waits until replicas have what was written to a key, and with it everything this client wrote before on the same connection. The server
    /// answers nothing else on that connection meanwhile, so that other callers' commands wait too: keep the time short.
    /// </summary>
    /// <remarks>It tells of writes on the connection that it finds. When the connection is lost between a write and this call, or the key's slot
    /// moves to another server of a cluster, the number says nothing about that write: write again and ask again where it has to be certain.</remarks>
    /// <param name="key">A key that was written. It decides which server, and which of its connections, is asked.</param>
    /// <param name="replicas">How many replicas; at least 0.</param>
    /// <param name="timeout">How long at most: more than zero, and less than <see cref="RedisOptions.CommandTimeout"/>, which ends the call too.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many replicas have it; fewer than <paramref name="replicas"/> when the time was over.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="replicas"/> is negative, or <paramref name="timeout"/> is zero or less.</exception>
    public ValueTask<long> WaitAsync(RedisKey key, int replicas, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(replicas);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        var operation = RedisOperation<long>.Rent(Replies.Integer);
        operation.Encode(Wait, [replicas, RedisExpiry.WholeMilliseconds(timeout)]);
        operation.Slot = SlotUse == SlotUse.None ? -1 : HashSlot.Of(key.Argument); // the command does not name the key
        return SendAsync(operation, cancellationToken);
    }

    /// <summary>PUBLISH: sends a message to who listens to a channel.</summary>
    /// <returns>How many connections to this server got it; in a cluster others, at other servers, may have got it too.</returns>
    public ValueTask<long> PublishAsync(RedisArgument channel, RedisArgument message, CancellationToken cancellationToken = default) =>
        SendAsync(Publish, Replies.Integer, cancellationToken, channel, message);

    /// <summary>SPUBLISH: sends a message to who listens to a sharded channel, at the server that holds the channel's slot. Needs a server of version 7.</summary>
    /// <returns>How many connections got it.</returns>
    public ValueTask<long> SPublishAsync(RedisKey channel, RedisArgument message, CancellationToken cancellationToken = default) =>
        SendAsync(SPublish, Replies.Integer, cancellationToken, channel, message);
}
