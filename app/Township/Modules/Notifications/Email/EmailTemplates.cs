using System.Reflection;
using System.Text;
using Millrace.Caching;

namespace Township.Modules.Notifications.Email;

/// <summary>The mails' templates, by name: embedded files of <c>Modules/Notifications/Templates</c>.</summary>
internal sealed class EmailTemplates(Cache cache)
{
    public ValueTask<EmailTemplate> GetAsync(string name, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync(
            NotificationsCache.TemplateKey(name),
            name,
            static async (name, token) => await LoadAsync(name, token),
            NotificationsCache.Template,
            cancellationToken: cancellationToken);

    private static async Task<EmailTemplate> LoadAsync(string name, CancellationToken cancellationToken)
    {
        await using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"templates/{name}")
            ?? throw new InvalidOperationException($"There is no mail template '{name}' in Modules/Notifications/Templates.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return EmailTemplate.Parse(await reader.ReadToEndAsync(cancellationToken));
    }
}
