using Millrace.Redis.Push;

namespace Millrace.Redis;

/// <summary>
/// Channels or patterns that a client is subscribed to, and the messages received and not read yet. It survives the loss of connections:
/// they are subscribed to again, and a message of the kind <see cref="RedisMessageKind.Missed"/> stands where messages may be missing. It
/// ends when it is disposed, when the client is, or when the server refuses to subscribe it again.
/// </summary>
/// <remarks>
/// Messages of one channel come in the order in which its server sent them. A slow reader never holds up the connection: beyond
/// <see cref="RedisSubscriptionOptions"/> the oldest messages are dropped, and a mark stands in their place. May be used from several threads
/// at once; each message goes to one reader.
/// </remarks>
public sealed class RedisSubscription : IAsyncEnumerable<RedisMessage>, IAsyncDisposable
{
    private readonly SubscriptionHub _hub;

    internal RedisSubscription(SubscriptionHub hub, RedisSubscriptionOptions options)
    {
        _hub = hub;
        Buffer = new MessageBuffer(options.BufferMessages, options.BufferBytes);
    }

    /// <summary>Messages dropped so far because the buffer was full.</summary>
    public long Dropped => Buffer.Dropped;

    internal MessageBuffer Buffer { get; }

    /// <summary>What it is subscribed to, the server's lock held.</summary>
    internal List<SubscribedChannel> Channels { get; } = [];

    /// <summary>Takes the next message if there is one.</summary>
    /// <param name="message">The message; null when there is none.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryRead([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RedisMessage? message) => Buffer.TryTake(out message);

    /// <summary>Takes the next message, when it comes.</summary>
    /// <param name="cancellationToken">Stops waiting; no message is lost.</param>
    /// <exception cref="ObjectDisposedException">The subscription has been disposed.</exception>
    /// <exception cref="RedisException">It has ended: the client has been disposed, or the server refused to subscribe it again. What came
    /// before has been read.</exception>
    public async ValueTask<RedisMessage> ReadAsync(CancellationToken cancellationToken = default) =>
        await Buffer.TakeAsync(cancellationToken).ConfigureAwait(false) ?? throw new ObjectDisposedException(nameof(RedisSubscription));

    /// <summary>Reads messages as they come, until the subscription is disposed.</summary>
    /// <param name="cancellationToken">Ends the reading; no message is lost.</param>
    /// <exception cref="RedisException">It has ended: the client has been disposed, or the server refused to subscribe it again.</exception>
    public async IAsyncEnumerator<RedisMessage> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        while (await Buffer.TakeAsync(cancellationToken).ConfigureAwait(false) is { } message)
        {
            yield return message;
        }
    }

    /// <summary>Ends the subscription; the server is told, unless others of the client read the same channels. Waiting messages are dropped.</summary>
    public ValueTask DisposeAsync()
    {
        Buffer.End(error: null);
        _hub.Leave(this);
        return ValueTask.CompletedTask;
    }
}
