using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Millrace.AspNetCore.Tests.SignalR;

/// <summary>Connects the SignalR client by a web socket, without negotiation, with the token in the header.</summary>
internal sealed class WebSocketConnectionFactory(string? token) : IConnectionFactory
{
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = new ClientWebSocket();
        if (token is not null)
        {
            socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        }

        await socket.ConnectAsync(((UriEndPoint)endpoint).Uri, cancellationToken);
        return new SocketConnection(socket);
    }

    private sealed class SocketConnection : ConnectionContext
    {
        private readonly ClientWebSocket _socket;
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _pumps;

        public SocketConnection(ClientWebSocket socket)
        {
            _socket = socket;
            var (input, output) = (new Pipe(), new Pipe());
            Transport = new Duplex(input.Reader, output.Writer);
            _pumps = Task.WhenAll(ReceiveAsync(input.Writer), SendAsync(output.Reader));
        }

        public override IDuplexPipe Transport { get; set; }

        public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");

        public override IFeatureCollection Features { get; } = new FeatureCollection();

        public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

        public override async ValueTask DisposeAsync()
        {
            await Transport.Output.CompleteAsync();
            await _stop.CancelAsync();
            await _pumps;
            _socket.Dispose();
            _stop.Dispose();
            await base.DisposeAsync();
        }

        private async Task ReceiveAsync(PipeWriter input)
        {
            Exception? error = null;
            try
            {
                while (true)
                {
                    var received = await _socket.ReceiveAsync(input.GetMemory(4096), _stop.Token);
                    if (received.MessageType == WebSocketMessageType.Close)
                    {
                        break;
                    }

                    input.Advance(received.Count);
                    await input.FlushAsync();
                }
            }
            catch (OperationCanceledException)
            {
                // Disposed.
            }
            catch (Exception exception)
            {
                error = exception;
            }

            await input.CompleteAsync(error);
        }

        private async Task SendAsync(PipeReader output)
        {
            try
            {
                while (true)
                {
                    var read = await output.ReadAsync();
                    foreach (var segment in read.Buffer)
                    {
                        await _socket.SendAsync(segment, WebSocketMessageType.Text, endOfMessage: true, _stop.Token);
                    }

                    output.AdvanceTo(read.Buffer.End);
                    if (read.IsCompleted)
                    {
                        break;
                    }
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or WebSocketException)
            {
                // Disposed, or the server went: receiving says so.
            }

            await output.CompleteAsync();
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
