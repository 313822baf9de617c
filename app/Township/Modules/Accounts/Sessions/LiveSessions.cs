using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;
using Township.Platform.Identity;

namespace Township.Modules.Accounts.Sessions;

/// <summary>
/// Ends live connections together with the session they were opened in: whoever is signed out hears nothing more. Knows the
/// connections of this process; those of another one end with their bearer token, after minutes.
/// </summary>
internal sealed class LiveSessions : IHubFilter
{
    private readonly ConcurrentDictionary<string, HubCallerContext> _connections = new(StringComparer.Ordinal);

    public async Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        if (SessionOf(context.Context) is { } session)
        {
            _connections[context.Context.ConnectionId] = context.Context;

            // It may have ended between sign-in and here, when End could not see this connection yet.
            var sessions = context.ServiceProvider.GetRequiredService<SessionDirectory>();
            if (await sessions.FindAsync(session, context.Context.ConnectionAborted) is null)
            {
                context.Context.Abort();
            }
        }

        await next(context);
    }

    public Task OnDisconnectedAsync(
        HubLifetimeContext context, Exception? exception, Func<HubLifetimeContext, Exception?, Task> next)
    {
        _connections.TryRemove(context.Context.ConnectionId, out _);
        return next(context, exception);
    }

    /// <summary>Closes the connections of sessions that are over.</summary>
    public void End(IReadOnlyList<string> sessionIds)
    {
        if (sessionIds.Count == 0)
        {
            return;
        }

        var ended = sessionIds.ToHashSet(StringComparer.Ordinal);
        foreach (var connection in _connections.Values.Where(connection => ended.Contains(SessionOf(connection)!)))
        {
            connection.Abort();
        }
    }

    private static string? SessionOf(HubCallerContext context) => context.User?.FindFirst(TownshipClaims.SessionId)?.Value;
}
