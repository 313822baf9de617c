using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Millrace.Realtime;

namespace Millrace.AspNetCore.SignalR;

/// <summary>Writes to one SignalR connection. A publication's bytes are made once per protocol and shared by all connections.</summary>
internal sealed class HubTransport(HubConnectionContext connection, TimeProvider time) : ChannelTransport
{
    /// <summary>How long a client may take to hear why it is closed.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Ends when the client has been told and the connection is aborted; ended already when nobody closed it.</summary>
    public Task Closing { get; private set; } = Task.CompletedTask;

    public override ValueTask WriteAsync(Publication publication, CancellationToken cancellationToken)
    {
        // SignalR ignores writes to a connection that has ended; a delivery that did not happen must not be counted.
        connection.ConnectionAborted.ThrowIfCancellationRequested();
        var message = publication.GetEncoding(static publication =>
            new SerializedHubMessage(new InvocationMessage("publication", [new PublicationBody(publication)])));
        return connection.WriteAsync(message, cancellationToken);
    }

    public override ValueTask WriteUnsubscribedAsync(string channel, string reason, CancellationToken cancellationToken) =>
        connection.WriteAsync(new InvocationMessage("unsubscribed", [new UnsubscribedBody(channel, reason)]), cancellationToken);

    public override void Close(string reason, bool mayReconnect) => Closing = CloseAsync(reason, mayReconnect);

    private async Task CloseAsync(string reason, bool mayReconnect)
    {
        using var timeout = new CancellationTokenSource(CloseTimeout, time);
        try
        {
            await connection.WriteAsync(new CloseMessage(reason, mayReconnect), timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client does not read, so it ends without having been told. SignalR's own abort would first write one more message
            // to it and wait; this cuts the line.
            connection.Features.Get<IConnectionLifetimeFeature>()?.Abort();
        }
        finally
        {
            connection.Abort();
        }
    }
}
