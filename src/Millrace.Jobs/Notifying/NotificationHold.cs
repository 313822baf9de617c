namespace Millrace.Jobs.Notifying;

/// <summary>The first word on some jobs, until disposed. See <see cref="JobNotifications.Hold"/>.</summary>
internal sealed class NotificationHold(JobNotifications notifications, List<string> ids) : IDisposable
{
    private readonly HashSet<string> _ids = new(ids, StringComparer.Ordinal);

    /// <summary>Goes before what others tell; behind them when another held the job first.</summary>
    public void Publish(JobChange change)
    {
        if (_ids.Contains(change.Id))
        {
            notifications.Write(change);
        }
        else
        {
            notifications.Publish(change);
        }
    }

    public void Dispose()
    {
        if (ids.Count > 0)
        {
            notifications.Release(ids);
        }
    }
}
