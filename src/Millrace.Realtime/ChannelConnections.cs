using System.Security.Claims;
using Millrace.Realtime.Publishing;

namespace Millrace.Realtime;

/// <summary>Opens connections: what a transport starts with. A singleton; thread-safe.</summary>
public sealed class ChannelConnections
{
    private readonly ConnectionServices _services;

    internal ChannelConnections(ConnectionServices services) => _services = services;

    /// <summary>Opens a client's connection. It has joined nothing yet. Dispose it when the client is gone.</summary>
    /// <param name="id">The transport's id of the connection, for rules and logs.</param>
    /// <param name="user">Who it is; the rules of the channels decide about this user.</param>
    /// <param name="transport">How it is written to, for this connection only.</param>
    /// <param name="expiresAt">When the user's sign-in ends and the connection with it; null: never.</param>
    public ChannelConnection Open(string id, ClaimsPrincipal user, ChannelTransport transport, DateTimeOffset? expiresAt = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(transport);
        return new ChannelConnection(_services, id, user, transport, isClient: true, expiresAt);
    }
}
