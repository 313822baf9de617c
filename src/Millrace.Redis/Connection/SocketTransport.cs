using System.Net;
using System.Net.Sockets;

namespace Millrace.Redis.Connection;

/// <summary>Plain TCP.</summary>
internal sealed class SocketTransport(Socket socket) : Transport
{
    /// <summary>
    /// Room for what is sent and not yet taken by the server's machine. <see cref="RespConnection"/> sends on callers' threads only what fits in here,
    /// so that no caller ever waits for the network.
    /// </summary>
    public const int SendBufferBytes = 256 * 1024;

    public override int Receive(Span<byte> destination) => socket.Receive(destination, SocketFlags.None);

    public override void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[socket.Send(bytes, SocketFlags.None)..];
        }
    }

    public override void Close() => socket.Dispose(); // unblocks a thread that receives or sends

    /// <summary>Makes a socket that was never used asynchronously: only such a one waits in the kernel.</summary>
    public static Socket CreateSocket(IPAddress address, TimeSpan keepAlive)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.SendBufferSize = SendBufferBytes;
        if (keepAlive > TimeSpan.Zero)
        {
            var seconds = Math.Clamp((int)keepAlive.TotalSeconds, 1, 32767);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, optionValue: true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, seconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        }

        return socket;
    }
}
