using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.AspNetCore.Tests.SignalR;

/// <summary>The .NET SignalR client, and what it received.</summary>
internal sealed class HubClient : IAsyncDisposable
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly TaskCompletionSource<Exception?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public HubClient(Uri address, string? token)
    {
        var builder = new HubConnectionBuilder();
        builder.Services.AddSingleton<Microsoft.AspNetCore.Connections.IConnectionFactory>(new WebSocketConnectionFactory(token));
        builder.Services.AddSingleton<System.Net.EndPoint>(new UriEndPoint(address));
        Hub = builder.Build();
        Hub.On<JsonElement>("publication", body => _lines.Writer.TryWrite(body.GetRawText()));
        Hub.On<JsonElement>("unsubscribed", body => _lines.Writer.TryWrite(body.GetRawText()));
        Hub.Closed += error =>
        {
            _closed.TrySetResult(error);
            return Task.CompletedTask;
        };
    }

    public HubConnection Hub { get; }

    /// <summary>How many received messages wait to be looked at.</summary>
    public int Waiting => _lines.Reader.Count;

    public Task StartAsync() => Hub.StartAsync().WaitAsync(HubHost.Guard);

    /// <summary>The argument of the next message, as JSON.</summary>
    public async Task<string> NextAsync() => await _lines.Reader.ReadAsync().AsTask().WaitAsync(HubHost.Guard);

    /// <summary>Why the server closed the connection.</summary>
    public async Task<string?> ClosedAsync() => (await _closed.Task.WaitAsync(HubHost.Guard))?.Message;

    public ValueTask DisposeAsync() => Hub.DisposeAsync();
}
