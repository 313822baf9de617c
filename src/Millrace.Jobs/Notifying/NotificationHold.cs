namespace Millrace.Jobs.Notifying;

/// <summary>The first word on some jobs, until disposed. See <see cref="JobNotifications.Hold"/>.</summary>
internal sealed class NotificationHold(JobNotifications notifications, List<string> ids) : IDisposable
{
    public void Publish(JobChange change) => notifications.Write(change);

    public void Dispose()
    {
        if (ids.Count > 0)
        {
            notifications.Release(ids);
        }
    }
}
