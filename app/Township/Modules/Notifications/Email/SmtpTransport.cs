using System.Net;
using System.Net.Mail;
using System.Net.Mime;
using Microsoft.Extensions.Options;

namespace Township.Modules.Notifications.Email;

/// <summary>Sends mails through the configured server, one connection each.</summary>
internal sealed class SmtpTransport(IOptions<EmailSettings> settings) : IEmailTransport
{
    public async Task SendAsync(EmailMessage message, CancellationToken cancellationToken)
    {
        var server = settings.Value;
        using var mail = EmailComposer.Compose(message, server.From, TransferEncoding.QuotedPrintable);
        using var client = new SmtpClient(server.Host, server.Port) { EnableSsl = server.Tls };
        if (server.User is { Length: > 0 })
        {
            client.Credentials = new NetworkCredential(server.User, server.Password);
        }

        await client.SendMailAsync(mail, cancellationToken);
    }
}
