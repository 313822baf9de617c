using System.Security.Claims;
using Microsoft.Extensions.DependencyInjection;
using Millrace.TestKit;

namespace Millrace.Realtime.Tests;

/// <summary>Real-time channels on a fake clock, as an application would add them.</summary>
internal sealed class Subject : IAsyncDisposable
{
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    private readonly ServiceProvider _services;
    private int _connectionNumber;

    public Subject(Action<RealtimeBuilder>? channels = null, Action<RealtimeOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(Clock);
        services.AddScoped<ScopedProbe>();
        var builder = services.AddMillraceRealtime(configure);
        channels?.Invoke(builder);
        _services = services.BuildServiceProvider(validateScopes: true);
        Channels = _services.GetRequiredService<ChannelClient>();
        Connections = _services.GetRequiredService<ChannelConnections>();
    }

    public FakeClock Clock { get; } = new();

    public ChannelClient Channels { get; }

    public ChannelConnections Connections { get; }

    public static ClaimsPrincipal Anonymous => new(new ClaimsIdentity());

    public static ClaimsPrincipal User(string id) => new(new ClaimsIdentity([new Claim("sub", id)], "test"));

    public (ChannelConnection Connection, GatedTransport Transport) Connect(
        string? user = "ann", bool open = true, DateTimeOffset? expiresAt = null)
    {
        var transport = new GatedTransport(open);
        var id = "c" + Interlocked.Increment(ref _connectionNumber);
        return (Connections.Open(id, user is null ? Anonymous : User(user), transport, expiresAt), transport);
    }

    public async Task<(ChannelConnection Connection, GatedTransport Transport)> JoinAsync(string channel, string? user = "ann", bool open = true)
    {
        var (connection, transport) = Connect(user, open);
        Assert.Equal(new ChannelResult(true, null), await connection.SubscribeAsync(channel));
        return (connection, transport);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    internal sealed class ScopedProbe : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
