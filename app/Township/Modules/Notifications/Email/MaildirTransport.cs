using System.Net.Mail;
using System.Net.Mime;
using Microsoft.Extensions.Options;

namespace Township.Modules.Notifications.Email;

/// <summary>
/// Puts mails into <c>mail/new</c> of the data directory, one <c>.eml</c> file each, written elsewhere and then moved in, so that a
/// reader never finds half a mail. A mail that is sent again replaces its own file.
/// </summary>
internal sealed class MaildirTransport(DataDirectory data, IOptions<EmailSettings> settings) : IEmailTransport
{
    public string New { get; } = Directory.CreateDirectory(data.File("mail/new")).FullName;

    public async Task SendAsync(EmailMessage message, CancellationToken cancellationToken)
    {
        var draft = Directory.CreateDirectory(data.File($"mail/tmp/{Guid.NewGuid():N}"));
        try
        {
            using var mail = EmailComposer.Compose(message, settings.Value.From, TransferEncoding.EightBit);
            using var writer = new SmtpClient
            {
                DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory,
                PickupDirectoryLocation = draft.FullName,
            };
            await writer.SendMailAsync(mail, cancellationToken);
            File.Move(draft.GetFiles("*.eml").Single().FullName, Path.Combine(New, $"{message.Id}.eml"), overwrite: true);
        }
        finally
        {
            draft.Delete(recursive: true);
        }
    }
}
