namespace Township.Modules.Notifications;

/// <summary>Notifications in the application and by e-mail.</summary>
internal sealed class NotificationsModule : ITownshipModule
{
    public string Name => "Notifications";

    public void AddServices(IHostApplicationBuilder builder)
    {
    }

    public void MapEndpoints(IEndpointRouteBuilder endpoints)
    {
    }
}
