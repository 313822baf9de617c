using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Millrace.Redis.Tests.Servers;

/// <summary>Sends and reads plain bytes, one character a byte.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private readonly NetworkStream _stream;

    private RawClient(Socket socket) => _stream = new NetworkStream(socket, ownsSocket: true);

    public static async Task<RawClient> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return new RawClient(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public ValueTask SendAsync(string bytes) => _stream.WriteAsync(Encoding.Latin1.GetBytes(bytes));

    /// <summary>Everything up to and with what ends in <paramref name="end" />.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        var text = new StringBuilder();
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            text.Append(await ReadExactlyAsync(1));
        }

        return text.ToString();
    }

    public async Task<string> ReadExactlyAsync(int count)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes);
        return Encoding.Latin1.GetString(bytes);
    }

    public async Task<string> ReadToEndAsync()
    {
        using var all = new MemoryStream();
        await _stream.CopyToAsync(all);
        return Encoding.Latin1.GetString(all.ToArray());
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
