using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;
using Millrace.Redis.Push;

namespace Millrace.Redis;

public sealed partial class RedisClient
{
    private readonly TrackingWatch? _tracking;

    /// <summary>
    /// The commands whose reads the servers remember (<see cref="RedisOptions.Tracking"/>). With <see cref="RedisTrackingOptions.OptIn"/> each is
    /// sent with <c>CLIENT CACHING YES</c> directly before it in the same write; the keys that other commands read are not remembered then.
    /// Otherwise every read is, and these are the same commands as the client's own.
    /// </summary>
    /// <exception cref="InvalidOperationException">The options have no <see cref="RedisOptions.Tracking"/>.</exception>
    public RedisCommands Tracked => field ??= _options.Tracking switch
    {
        { OptIn: true } => new TrackedCommands(this, _tracking!),
        not null => this,
        null => throw NotTracking(),
    };

    /// <summary>Calls of invalidation handlers that threw, since the client was made.</summary>
    public long InvalidationFaults => _tracking?.Faults ?? 0;

    /// <summary>
    /// Adds a handler that is told which keys have changed. Before this returns it is told of the connections that track; of changes from then
    /// on. A handler that is added twice is told twice.
    /// </summary>
    /// <param name="handler">The handler.</param>
    /// <returns>Removes the handler; a call that has begun may still end after that.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="handler"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The options have no <see cref="RedisOptions.Tracking"/>.</exception>
    public IDisposable AddInvalidationHandler(RedisInvalidationHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return (_tracking ?? throw NotTracking()).Add(handler);
    }

    internal SlotUse SlotUseOfCommands => SlotUse;

    internal ValueTask<T> SendOperationAsync<T>(RedisOperation<T> operation, CancellationToken cancellationToken) => SendAsync(operation, cancellationToken);

    private static InvalidOperationException NotTracking() => new("The servers are not asked to tell of changed keys: set RedisOptions.Tracking before the client is made.");
}
