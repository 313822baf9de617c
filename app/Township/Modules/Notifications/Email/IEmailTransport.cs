namespace Township.Modules.Notifications.Email;

/// <summary>Where mails go: a mail server, or a folder on this machine.</summary>
internal interface IEmailTransport
{
    Task SendAsync(EmailMessage message, CancellationToken cancellationToken);
}
