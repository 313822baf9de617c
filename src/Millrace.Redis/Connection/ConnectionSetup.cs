using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Millrace.Redis.Diagnostics;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Connection;

/// <summary>How connections to one server are opened.</summary>
/// <param name="endpoint">Where it listens.</param>
/// <param name="options">The client's options.</param>
/// <param name="isSubscriber">Whether they subscribe: publications and confirmations come between the replies, in RESP2 as arrays.</param>
/// <param name="counters">Where they are counted; null: by themselves.</param>
internal sealed class ConnectionSetup(RedisEndpoint endpoint, RedisOptions options, bool isSubscriber = false, ServerCounters? counters = null)
{
    /// <summary>The server, <c>host:port</c>.</summary>
    public string Server { get; } = endpoint.ToString();

    public RedisEndpoint Endpoint { get; } = endpoint;

    public RedisOptions Options { get; } = options;

    /// <summary>What all connections of this setup have done.</summary>
    public ServerCounters Counters { get; } = counters ?? new ServerCounters(endpoint);

    public int MaximumInFlight { get; } = options.MaximumInFlight;

    public RespLimits Limits { get; } = new(options.MaximumReplyBytes, options.MaximumReplyElements, options.MaximumReplyDepth);

    /// <summary>Whether a message is to be told to the connection's owner, rather than given to the oldest command.</summary>
    /// <param name="message">One whole value.</param>
    /// <param name="oldest">The oldest command without a reply; null: there is none.</param>
    public bool IsPush(in ReadOnlySequence<byte> message, RedisOperation? oldest) =>
        isSubscriber ? SubscriberFrame.IsPush(message, oldest) : (RespType)message.FirstSpan[0] switch
        {
            RespType.Push => true,
            RespType.Attribute => new RespReader(message).Type == RespType.Push, // it stands before what it belongs to
            _ => false,
        };

    /// <summary>Connects. Blocks the thread, which is the connection's own.</summary>
    /// <param name="opening">Told each socket before it connects; disposing it ends the attempt.</param>
    public Transport Open(Action<Socket> opening)
    {
        var addresses = IPAddress.TryParse(Endpoint.Host, out var address) ? [address] : Dns.GetHostAddresses(Endpoint.Host);
        Exception? failure = null;
        foreach (var candidate in addresses)
        {
            var socket = SocketTransport.CreateSocket(candidate, Options.PingInterval);
            try
            {
                opening(socket);
                socket.Connect(new IPEndPoint(candidate, Endpoint.Port));
                return Options.Tls is { } tls ? TlsTransport.Open(socket, Endpoint.Host, tls) : new SocketTransport(socket);
            }
            catch (Exception error)
            {
                socket.Dispose();
                failure = error;
                if (error is not SocketException)
                {
                    break; // a certificate is no better at the next address
                }
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }
}
