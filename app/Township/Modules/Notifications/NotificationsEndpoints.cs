using System.Security.Claims;
using Township.Modules.Notifications.InApp;
using Township.Platform.Identity;

namespace Township.Modules.Notifications;

/// <summary>The API of notifications.</summary>
internal static class NotificationsEndpoints
{
    public static void MapNotifications(this IEndpointRouteBuilder endpoints)
    {
        var own = endpoints.MapGroup("/api/notifications")
            .WithTags("Notifications")
            .RequireAuthorization(TownshipPolicies.Resident);
        own.MapGet("", static async (ClaimsPrincipal user, Inbox inbox, CancellationToken cancellationToken) =>
            TypedResults.Ok(await inbox.ListAsync(user.RequiredUserId, null, 20, cancellationToken)));
        own.MapGet("/unread", static async (ClaimsPrincipal user, Inbox inbox, CancellationToken cancellationToken) =>
            TypedResults.Ok(new { unread = await inbox.CountUnreadAsync(user.RequiredUserId, cancellationToken) }));
        own.MapPost("/read", static async (ClaimsPrincipal user, Inbox inbox, CancellationToken cancellationToken) =>
        {
            await inbox.ReadAsync(user.RequiredUserId, null, cancellationToken);
            return TypedResults.NoContent();
        });
    }
}
