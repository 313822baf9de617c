namespace Township.Modules.Notifications.Digest;

/// <summary>Job <c>send-digests</c>: a mail to everybody who wants one and has unread notifications of the last day.</summary>
internal sealed record SendDigests;
