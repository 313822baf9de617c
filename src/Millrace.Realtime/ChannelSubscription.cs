using Millrace.Realtime.Publishing;

namespace Millrace.Realtime;

/// <summary>A subscription inside the process; from <see cref="ChannelClient.Subscribe(string, Func{Publication, CancellationToken, ValueTask})"/>. Dispose it to end it.</summary>
public sealed class ChannelSubscription : IAsyncDisposable
{
    private readonly ChannelConnection _connection;
    private readonly HandlerTransport _transport;

    internal ChannelSubscription(string channel, ChannelConnection connection, HandlerTransport transport)
    {
        Channel = channel;
        _connection = connection;
        _transport = transport;
    }

    /// <summary>The channel.</summary>
    public string Channel { get; }

    /// <summary>Ends with the subscription: with null when it was disposed, with a sentence when the server ended it (overflow, revoked).</summary>
    public Task<string?> Ended => _transport.Ended;

    /// <summary>Ends the subscription. When the task has ended, the handler does not run any more, unless the handler itself disposes.</summary>
    public async ValueTask DisposeAsync()
    {
        _transport.End(null);
        var disposing = _connection.DisposeAsync();
        if (_transport.IsInHandler)
        {
            // Waiting for the handler to end would be waiting for itself; everything but the wait has happened.
            _ = disposing.AsTask();
        }
        else
        {
            await disposing.ConfigureAwait(false);
        }
    }
}
