namespace Township.Modules.Notifications.Email;

/// <summary>Job <c>send-email</c>: one mail to one user, from a template of that name; <paramref name="Values"/> fill its places.</summary>
internal sealed record SendEmail(string Template, string UserId, IReadOnlyDictionary<string, string>? Values = null);
