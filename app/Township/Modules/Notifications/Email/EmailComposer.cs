using System.Net.Mail;
using System.Net.Mime;
using System.Text;

namespace Township.Modules.Notifications.Email;

/// <summary>Turns a message into MIME: plain text and HTML of the same content.</summary>
internal static class EmailComposer
{
    /// <summary>A mail for <see cref="SmtpClient"/>. <paramref name="encoding"/>: 8bit keeps files readable; quoted-printable goes through every server.</summary>
    public static MailMessage Compose(EmailMessage message, string from, TransferEncoding encoding)
    {
        var sender = new MailAddress(from, "Township");
        var mail = new MailMessage(sender, new MailAddress(message.ToAddress, message.ToName, Encoding.UTF8))
        {
            Subject = message.Subject,
            SubjectEncoding = Encoding.UTF8,
            HeadersEncoding = Encoding.UTF8,
        };
        mail.Headers.Add("Message-ID", $"<{message.Id}@{sender.Host}>");
        mail.Headers.Add("Auto-Submitted", "auto-generated");
        mail.AlternateViews.Add(View(message.Text, MediaTypeNames.Text.Plain, encoding));
        mail.AlternateViews.Add(View(message.Html, MediaTypeNames.Text.Html, encoding));
        return mail;
    }

    private static AlternateView View(string content, string mediaType, TransferEncoding encoding)
    {
        var view = AlternateView.CreateAlternateViewFromString(content.ReplaceLineEndings("\r\n"), Encoding.UTF8, mediaType);
        view.TransferEncoding = encoding;
        return view;
    }
}
