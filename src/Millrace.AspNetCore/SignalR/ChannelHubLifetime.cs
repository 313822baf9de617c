using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.Connections.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Realtime;

namespace Millrace.AspNetCore.SignalR;

/// <summary>Ties each SignalR connection to a <see cref="ChannelConnection"/>, from its handshake to its end.</summary>
/// <remarks>
/// SignalR hands the connection itself, which can write a message that is serialised already, to nobody but the lifetime manager;
/// so the hub has its own. Decision 0006 says why.
/// </remarks>
internal sealed class ChannelHubLifetime(
    ILogger<DefaultHubLifetimeManager<ChannelHub>> logger,
    ChannelConnections connections,
    TimeProvider time,
    IOptions<ChannelHubOptions> options) : DefaultHubLifetimeManager<ChannelHub>(logger)
{
    private static readonly object ConnectionKey = new();
    private static readonly object TransportKey = new();

    public static ChannelConnection? ConnectionOf(IDictionary<object, object?> items) =>
        items.TryGetValue(ConnectionKey, out var connection) ? (ChannelConnection?)connection : null;

    public override async Task OnConnectedAsync(HubConnectionContext connection)
    {
        await base.OnConnectedAsync(connection).ConfigureAwait(false);
        var transport = new HubTransport(connection, time);
        connection.Items[TransportKey] = transport;
        var login = connection.GetHttpContext()?.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult;
        if (RefusalOf(connection) is { } reason)
        {
            transport.Close(reason, mayReconnect: false);
            return;
        }

        // With long polling every poll signs in anew, and SignalR itself ends the connection when they stop doing so.
        var expiresAt = connection.Features.Get<IHttpTransportFeature>()?.TransportType == HttpTransportType.LongPolling
            ? null
            : login?.Properties?.ExpiresUtc;
        connection.Items[ConnectionKey] = connections.Open(connection.ConnectionId, connection.User, transport, expiresAt);
    }

    public override async Task OnDisconnectedAsync(HubConnectionContext connection)
    {
        if (ConnectionOf(connection.Items) is { } opened)
        {
            await opened.DisposeAsync().ConfigureAwait(false);
        }

        if (connection.Items.TryGetValue(TransportKey, out var transport))
        {
            await ((HubTransport)transport!).Closing.ConfigureAwait(false);
        }

        await base.OnDisconnectedAsync(connection).ConfigureAwait(false);
    }

    private string? RefusalOf(HubConnectionContext connection)
    {
        if (connection.User.Identity is { IsAuthenticated: true })
        {
            return null;
        }

        // Who presents a token believes to be signed in: never turn that into an anonymous connection without a word. A stale cookie is
        // different, a browser sends it unasked.
        var credentials = connection.GetHttpContext()?.Request.Headers.Authorization.ToString();
        if (credentials?.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) is true)
        {
            return "The sign-in was not accepted: the token is invalid or has expired.";
        }

        return options.Value.AllowAnonymousConnections ? null : "Sign in first: this hub takes no anonymous connections.";
    }
}
