using System.Net.Http;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Millrace.AspNetCore.Tests.SignalR;

/// <summary>A client that speaks the hub's protocol frame by frame, and may break it; it reads only when told to.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private const char End = '\u001e';

    private readonly ClientWebSocket _socket = new();
    private readonly SocketsHttpHandler _handler;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly Queue<string> _frames = new();
    private string _partial = "";

    private RawClient()
    {
        _handler = new SocketsHttpHandler
        {
            ConnectCallback = static async (context, cancellationToken) =>
            {
                // Small, so that what the client does not read stays with the server. Set before connecting, or it does not count.
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 8 * 1024, NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
    }

    public static async Task<RawClient> ConnectAsync(Uri address, string? token = "ann", string? origin = null, bool handshake = true)
    {
        var client = new RawClient();
        if (token is not null)
        {
            client._socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        }

        if (origin is not null)
        {
            client._socket.Options.SetRequestHeader("Origin", origin);
        }

        using var invoker = new HttpMessageInvoker(client._handler, disposeHandler: false);
        await client._socket.ConnectAsync(address, invoker, CancellationToken.None).WaitAsync(HubHost.Guard);
        if (handshake)
        {
            await client.SendAsync("""{"protocol":"json","version":1}""");
            Assert.Equal("{}", await client.NextAsync());
        }

        return client;
    }

    public async Task SendAsync(string frame) => await SendBytesAsync(Encoding.UTF8.GetBytes(frame + End));

    public Task SendBytesAsync(ReadOnlyMemory<byte> bytes) =>
        _socket.SendAsync(bytes, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).AsTask().WaitAsync(HubHost.Guard);

    public Task InvokeAsync(int id, string target, params object[] arguments) =>
        SendAsync(JsonSerializer.Serialize(new { type = 1, invocationId = $"{id}", target, arguments }));

    /// <summary>The next frame but pings; null when the server closed the socket.</summary>
    public async Task<string?> NextAsync()
    {
        while (true)
        {
            if (_frames.TryDequeue(out var frame))
            {
                if (frame != """{"type":6}""")
                {
                    return frame;
                }

                continue;
            }

            int count;
            try
            {
                var received = await _socket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None).AsTask().WaitAsync(HubHost.Guard);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    return null;
                }

                count = received.Count;
            }
            catch (WebSocketException)
            {
                return null; // cut off
            }

            var parts = (_partial + Encoding.UTF8.GetString(_buffer, 0, count)).Split(End);
            foreach (var part in parts[..^1])
            {
                _frames.Enqueue(part);
            }

            _partial = parts[^1];
        }
    }

    /// <summary>Reads to the end; the close frame's error, or null when there was none.</summary>
    public async Task<string?> ReadToCloseAsync()
    {
        string? error = null;
        while (await NextAsync() is { } frame)
        {
            using var json = JsonDocument.Parse(frame);
            if (json.RootElement.GetProperty("type").GetInt32() == 7 && error is null)
            {
                error = json.RootElement.TryGetProperty("error", out var text) ? text.GetString() : "(no error)";
            }
        }

        return error;
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _handler.Dispose();
        return ValueTask.CompletedTask;
    }
}
