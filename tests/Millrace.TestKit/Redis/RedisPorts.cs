using System.Net;
using System.Net.Sockets;

namespace Millrace.TestKit.Redis;

/// <summary>
/// Ports for servers that tests kill and start again. They lie below the range that the system gives to outgoing connections, so that
/// nobody takes the port while its server is down, and a client that keeps trying it can never reach itself.
/// </summary>
public static class RedisPorts
{
    private const int First = 10_000;
    private const int Count = 10_000;
    private const int BusOffset = 10_000; // Redis Cluster's second port

    // Test programs that run side by side begin at different places.
    private static int _last = new Random(Environment.ProcessId).Next(Count);

    /// <summary>A port of 127.0.0.1 that is free now, as is the one 10,000 above it.</summary>
    /// <exception cref="InvalidOperationException">None is free.</exception>
    public static int Next()
    {
        for (var i = 0; i < Count; i++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            if (IsFree(port) && IsFree(port + BusOffset))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"No free port from {First} to {First + Count - 1}.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
