namespace Township.Modules.Notifications.Email;

/// <summary>Renders a mail and hands it to the transport. Called from jobs, which repeat it when it fails.</summary>
internal sealed class EmailSender(EmailTemplates templates, IEmailTransport transport)
{
    public async Task SendAsync(
        string template,
        string toName,
        string toAddress,
        IReadOnlyDictionary<string, string> values,
        string messageId,
        CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, string>(values) { ["name"] = toName };
        var (subject, text, html) = (await templates.GetAsync(template, cancellationToken)).Render(all);
        await transport.SendAsync(new EmailMessage(messageId, toName, toAddress, subject, text, html), cancellationToken);
    }
}
