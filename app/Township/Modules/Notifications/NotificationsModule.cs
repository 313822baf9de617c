using Microsoft.Extensions.Options;
using Township.Modules.Home;
using Township.Modules.Notifications.Email;
using Township.Modules.Notifications.InApp;

namespace Township.Modules.Notifications;

/// <summary>Notifications in the application and by e-mail.</summary>
internal sealed class NotificationsModule : ITownshipModule
{
    public string Name => "Notifications";

    public void AddServices(IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<EmailSettings>()
            .BindConfiguration(EmailSettings.Section)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddSingleton<IEmailTransport>(static provider =>
            string.IsNullOrWhiteSpace(provider.GetRequiredService<IOptions<EmailSettings>>().Value.Host)
                ? ActivatorUtilities.CreateInstance<MaildirTransport>(provider)
                : ActivatorUtilities.CreateInstance<SmtpTransport>(provider));
        services.AddSingleton<EmailTemplates>();
        services.AddSingleton<EmailSender>();
        services.AddSingleton<NotificationStore>();
        services.AddSingleton<Inbox>();
        services.AddSingleton(new HomePanel("/Modules/Notifications/Pages/_HomePanel.cshtml", Order: 90, ForGuests: false));
        services.AddNotificationsCache();
        services.AddNotificationsJobs();
    }

    public void MapEndpoints(IEndpointRouteBuilder endpoints) => endpoints.MapNotifications();
}
