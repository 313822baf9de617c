namespace Millrace.Redis.Connection;

/// <summary>Passes on what happens on the shared connections, to any number of observers in the order in which they were added.</summary>
internal sealed class LinkObservers : ILinkObserver
{
    private ILinkObserver[] _observers = []; // replaced as a whole, under the lock
    private readonly Lock _lock = new();

    /// <summary>Adds one; what happened before is not told.</summary>
    public void Add(ILinkObserver observer)
    {
        lock (_lock)
        {
            Volatile.Write(ref _observers, [.. _observers, observer]);
        }
    }

    public void OnConnected(ServerLink link, ServerGreeting greeting)
    {
        foreach (var observer in Volatile.Read(ref _observers))
        {
            observer.OnConnected(link, greeting);
        }
    }

    public void OnConnectFailed(ServerLink link, Exception error)
    {
        foreach (var observer in Volatile.Read(ref _observers))
        {
            observer.OnConnectFailed(link, error);
        }
    }

    public void OnDisconnected(ServerLink link, Exception reason)
    {
        foreach (var observer in Volatile.Read(ref _observers))
        {
            observer.OnDisconnected(link, reason);
        }
    }

    public void OnPush(ServerLink link, ref RespReader push)
    {
        foreach (var observer in Volatile.Read(ref _observers))
        {
            var copy = push; // each reads it from the beginning
            observer.OnPush(link, ref copy);
        }
    }
}
