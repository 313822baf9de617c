namespace Township.Modules.Notifications.Email;

/// <summary>A mail, ready to go. <paramref name="Id"/> is the same however often it is sent: mailboxes recognise the copy.</summary>
internal sealed record EmailMessage(string Id, string ToName, string ToAddress, string Subject, string Text, string Html);
