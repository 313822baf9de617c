namespace Millrace.Realtime;

/// <summary>
/// How one connection is written to: the seam between channels and a protocol such as SignalR or server-sent events. Derive one
/// per protocol, make one per connection and hand it to <see cref="ChannelConnections.Open"/>.
/// </summary>
public abstract class ChannelTransport
{
    /// <summary>Writes one publication; called for one at a time, in order. A write that waits delays only this connection.</summary>
    /// <param name="publication">What to write.</param>
    /// <param name="cancellationToken">Cancelled when the connection is closed or disposed.</param>
    /// <remarks>An exception closes the connection.</remarks>
    public abstract ValueTask WriteAsync(Publication publication, CancellationToken cancellationToken);

    /// <summary>Tells the client that the server ended its subscription; same rules as for a publication.</summary>
    /// <param name="channel">The channel it no longer receives.</param>
    /// <param name="reason">A sentence for the client.</param>
    /// <param name="cancellationToken">Cancelled when the connection is closed or disposed.</param>
    public abstract ValueTask WriteUnsubscribedAsync(string channel, string reason, CancellationToken cancellationToken);

    /// <summary>Begins to close the connection and returns without waiting for the client. Called at most once; must not throw.</summary>
    /// <param name="reason">A sentence for the client.</param>
    /// <param name="mayReconnect">False when trying again at once would end the same way.</param>
    public abstract void Close(string reason, bool mayReconnect);
}
