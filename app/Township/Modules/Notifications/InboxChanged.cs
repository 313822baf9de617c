namespace Township.Modules.Notifications;

/// <summary>A user's notifications have changed: one came, or some were read. Also what the user's channel is told.</summary>
internal sealed record InboxChanged(string UserId, long Unread, string? Title = null, string? Link = null);
