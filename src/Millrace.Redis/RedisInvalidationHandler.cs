namespace Millrace.Redis;

/// <summary>
/// Told which keys have changed (<see cref="RedisOptions.Tracking"/>), for a cache in the process's memory. Added with
/// <see cref="RedisClient.AddInvalidationHandler"/>.
/// </summary>
/// <remarks>
/// <para>
/// Calls come on connections' own threads: they must be short and must not block, await or send commands. Those of one connection come one
/// after another; those of several connections may come at the same time.
/// </para>
/// <para>
/// Order: on each connection, replies and invalidations are handled in the order in which the server sent them. When
/// <see cref="OnInvalidated"/> is called, every command that the server answered before it has completed its task (the awaiting code may be
/// resumed a moment later), and no command that the server answered after it has. So a cache is right that gives each read a mark of its own
/// before it is sent, removes the key's mark in <see cref="OnInvalidated"/>, and keeps a value only where its read's own mark is still there.
/// </para>
/// <para>
/// Trust: while a connection is lost nothing is told. <see cref="OnTrustLost"/> is called once for each loss, before a command on the next
/// connection in its place can complete; what was read before it may be stale from then on, and marks from before it must not be filled. A
/// loss is noticed when the network or the silence of the server (<see cref="RedisOptions.PingInterval"/>) tells it.
/// </para>
/// <para>
/// An exception from <see cref="OnInvalidated"/> or <see cref="OnAllInvalidated"/> is caught, and since the change may not have taken effect
/// it counts as a loss: the handler's own <see cref="OnTrustLost"/> is called at once, then <see cref="OnTrustRestored"/>. Exceptions from
/// these two are caught and counted in <see cref="RedisClient.InvalidationFaults"/> as well.
/// </para>
/// </remarks>
public abstract class RedisInvalidationHandler
{
    /// <summary>
    /// A key has changed, has expired, was evicted, or is no longer remembered by the server; or it is being read at a node of a cluster that is
    /// taking over its slot and will not remember it. May be told without need.
    /// </summary>
    /// <param name="key">The key. Valid during the call only.</param>
    public abstract void OnInvalidated(ReadOnlySpan<byte> key);

    /// <summary>Everything has changed: the database was flushed.</summary>
    /// <param name="connection">The connection that was told.</param>
    public abstract void OnAllInvalidated(RedisTrackedConnection connection);

    /// <summary>A connection was lost: what was read on it may be stale from now on.</summary>
    /// <param name="connection">The connection that was lost. It never comes back; another takes its place.</param>
    public abstract void OnTrustLost(RedisTrackedConnection connection);

    /// <summary>
    /// A connection tracks: what is read on it from now on is watched, if <see cref="RedisTrackedConnection.IsTracked"/>. Called for the first
    /// connections too, and, while the handler is added, for those that there are already.
    /// </summary>
    /// <param name="connection">The connection.</param>
    public abstract void OnTrustRestored(RedisTrackedConnection connection);
}
