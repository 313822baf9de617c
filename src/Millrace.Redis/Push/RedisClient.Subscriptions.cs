using Millrace.Redis.Push;

namespace Millrace.Redis;

public sealed partial class RedisClient
{
    private static readonly RedisSubscriptionOptions DefaultSubscription = new();

    private readonly SubscriptionHub _subscriptions;

    /// <summary>
    /// Subscribes to a channel by its name. Subscriptions share one connection to each server, whatever their number, and those to the same
    /// channel one subscription there.
    /// </summary>
    /// <param name="channel">The channel; not empty.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Ends when the server has confirmed: what is published from then on is received.</returns>
    /// <exception cref="ArgumentException">The channel is empty.</exception>
    /// <exception cref="RedisServerException">The server refused; <c>NOPERM</c>: the user may not read the channel.</exception>
    /// <exception cref="RedisTimeoutException">The server did not confirm within <see cref="RedisOptions.CommandTimeout"/>.</exception>
    /// <exception cref="RedisException">There would be more than <see cref="RedisOptions.MaximumChannels"/>, or the client has been disposed.</exception>
    public ValueTask<RedisSubscription> SubscribeAsync(RedisKey channel, CancellationToken cancellationToken = default) =>
        SubscribeAsync(ChannelKind.Name, [channel], options: null, nameof(channel), cancellationToken);

    /// <summary>Subscribes to channels by their names; their messages come in one stream.</summary>
    /// <param name="channels">The channels, at least one; not empty. One that is named twice counts once.</param>
    /// <param name="options">The bounds of what waits to be read. Null: the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">A channel is empty, or there is none, or an option is out of its range.</exception>
    /// <inheritdoc cref="SubscribeAsync(RedisKey, CancellationToken)"/>
    public ValueTask<RedisSubscription> SubscribeAsync(
        IEnumerable<RedisKey> channels, RedisSubscriptionOptions? options = null, CancellationToken cancellationToken = default) =>
        SubscribeAsync(ChannelKind.Name, channels, options, nameof(channels), cancellationToken);

    /// <summary>Subscribes to all channels whose names fit a pattern, in Redis' glob style: <c>*</c>, <c>?</c>, <c>[ab]</c>, <c>\</c> before a character that is meant itself.</summary>
    /// <param name="pattern">The pattern; not empty.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The pattern is empty.</exception>
    /// <inheritdoc cref="SubscribeAsync(RedisKey, CancellationToken)"/>
    public ValueTask<RedisSubscription> PatternSubscribeAsync(RedisKey pattern, CancellationToken cancellationToken = default) =>
        SubscribeAsync(ChannelKind.Pattern, [pattern], options: null, nameof(pattern), cancellationToken);

    /// <summary>Subscribes to all channels whose names fit patterns; their messages come in one stream, once for each pattern that they fit.</summary>
    /// <param name="patterns">The patterns, at least one; not empty. One that is named twice counts once.</param>
    /// <param name="options">The bounds of what waits to be read. Null: the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">A pattern is empty, or there is none, or an option is out of its range.</exception>
    /// <inheritdoc cref="SubscribeAsync(RedisKey, CancellationToken)"/>
    public ValueTask<RedisSubscription> PatternSubscribeAsync(
        IEnumerable<RedisKey> patterns, RedisSubscriptionOptions? options = null, CancellationToken cancellationToken = default) =>
        SubscribeAsync(ChannelKind.Pattern, patterns, options, nameof(patterns), cancellationToken);

    /// <summary>
    /// Subscribes to a sharded channel (Redis 7), at the server of a cluster whose slot it has. When the slot moves the subscription follows,
    /// and a mark says that messages may be missing.
    /// </summary>
    /// <param name="channel">The channel; not empty.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <inheritdoc cref="SubscribeAsync(RedisKey, CancellationToken)"/>
    public ValueTask<RedisSubscription> ShardSubscribeAsync(RedisKey channel, CancellationToken cancellationToken = default) =>
        SubscribeAsync(ChannelKind.Shard, [channel], options: null, nameof(channel), cancellationToken);

    /// <summary>Subscribes to sharded channels (Redis 7), whatever their slots; their messages come in one stream.</summary>
    /// <param name="channels">The channels, at least one; not empty. One that is named twice counts once.</param>
    /// <param name="options">The bounds of what waits to be read. Null: the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">A channel is empty, or there is none, or an option is out of its range.</exception>
    /// <inheritdoc cref="SubscribeAsync(RedisKey, CancellationToken)"/>
    public ValueTask<RedisSubscription> ShardSubscribeAsync(
        IEnumerable<RedisKey> channels, RedisSubscriptionOptions? options = null, CancellationToken cancellationToken = default) =>
        SubscribeAsync(ChannelKind.Shard, channels, options, nameof(channels), cancellationToken);

    private ValueTask<RedisSubscription> SubscribeAsync(
        ChannelKind kind, IEnumerable<RedisKey> channels, RedisSubscriptionOptions? options, string name, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(channels, name);
        (options ??= DefaultSubscription).Validate(nameof(options));
        RedisKey[] keys = [.. channels];
        if (keys.Length == 0 || Array.Exists(keys, static key => key.IsEmpty))
        {
            throw new ArgumentException("At least one channel or pattern is needed, and none may be empty.", name);
        }

        return _subscriptions.SubscribeAsync(kind, keys, options, cancellationToken);
    }
}
