using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Realtime;
using Millrace.TestKit;

namespace Millrace.AspNetCore.Tests.SignalR;

/// <summary>An application with the channel hub on a real server on a free loopback port.</summary>
internal sealed class HubHost : IAsyncDisposable
{
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    private readonly WebApplication _app;
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new(); // guards _waiters
    private readonly List<(Func<RealtimeStatistics, bool> Condition, TaskCompletionSource Signal)> _waiters = [];

    private HubHost(WebApplication app, FakeClock clock)
    {
        _app = app;
        Clock = clock;
        Channels = app.Services.GetRequiredService<ChannelClient>();
        Address = new Uri(app.Urls.Single());
        var factory = app.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Meter.Name == "Millrace.Realtime")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((_, _, _, _) => Signal());
        _listener.SetMeasurementEventCallback<long>((_, _, _, _) => Signal());
        _listener.Start();
    }

    public FakeClock Clock { get; }

    public ChannelClient Channels { get; }

    public Uri Address { get; }

    public Uri HubAddress => new UriBuilder(Address) { Scheme = "ws", Path = "/millrace/hub" }.Uri;

    public static async Task<HubHost> StartAsync(
        Action<RealtimeBuilder>? channels = null,
        Action<ChannelHubOptions>? hub = null,
        Action<RealtimeOptions>? options = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? map = null)
    {
        // Starts at the real time, because SignalR compares a sign-in's end with that.
        var clock = new FakeClock(TimeProvider.System.GetUtcNow());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.Configure<SocketTransportOptions>(static sockets => sockets.CreateBoundListenSocket = static endpoint =>
        {
            // Small, so that a client that does not read stalls after little.
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.SendBufferSize = 16 * 1024;
            return socket;
        });
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddAuthentication(TokenHandler.SchemeName).AddScheme<AuthenticationSchemeOptions, TokenHandler>(TokenHandler.SchemeName, null);
        builder.Services.AddAuthorization();
        var realtime = builder.Services.AddMillraceRealtime(options).AddMillraceHub(hub);
        channels?.Invoke(realtime);
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapGet("/who", static (HttpContext context) => $"{context.User.FindFirst("sub")?.Value} {context.Request.QueryString}");
        if (map is null)
        {
            app.MapMillraceHub();
        }
        else
        {
            map(app);
        }

        await app.StartAsync();
        return new HubHost(app, clock);
    }

    /// <summary>The official client, connected.</summary>
    public async Task<HubClient> ConnectAsync(string? token = "ann")
    {
        var client = new HubClient(HubAddress, token);
        await client.StartAsync();
        return client;
    }

    /// <summary>The official client, subscribed.</summary>
    public async Task<HubClient> JoinAsync(string channel, string token = "ann")
    {
        var client = await ConnectAsync(token);
        await client.Hub.InvokeAsync("Subscribe", channel).WaitAsync(Guard);
        return client;
    }

    /// <summary>Ends when the statistics are as wished; looked at whenever they change.</summary>
    public async Task UntilAsync(Func<RealtimeStatistics, bool> condition)
    {
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiters.Add((condition, signal));
        }

        Signal();
        await signal.Task.WaitAsync(Guard);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _app.DisposeAsync();
    }

    private void Signal()
    {
        lock (_lock)
        {
            if (_waiters.Count == 0)
            {
                return;
            }

            var statistics = Channels.GetStatistics();
            _waiters.RemoveAll(waiter => waiter.Condition(statistics) && waiter.Signal.TrySetResult());
        }
    }
}
