namespace Township.Modules.Notifications;

/// <summary>
/// Job <c>notify</c>, for any module to enqueue: tells users something, in the application and by e-mail as each prefers. At most 500
/// users at once. <paramref name="Link"/> is a path on this site.
/// </summary>
internal sealed record Notify(IReadOnlyList<string> UserIds, string Kind, string Title, string Body, string Link)
{
    public const int MaximumUsers = 500;
}
