using Millrace.Caching.Invalidation;

namespace Millrace.Caching.Remote;

/// <summary>
/// The level that nodes share. Trouble there is never the caller's trouble: what cannot be done answers <see cref="RemoteAnswerKind.Unavailable"/>,
/// and invalidations that could not be carried out are kept and made up for before the level counts as available again.
/// </summary>
internal abstract class SecondLevel : IAsyncDisposable
{
    /// <summary>For <see cref="LeaseAsync"/>: whatever is there is of no use.</summary>
    public const long Any = -2;

    /// <summary>Whether it would be asked now; where it has partitions, each of them.</summary>
    public abstract bool IsAvailable { get; }

    /// <summary>Whether, while <see cref="IsAvailable"/>, it would be asked for every key; false: some of a cluster's servers are away.</summary>
    public virtual bool IsWhole => true;

    /// <summary>Whether it would be asked now for a key.</summary>
    public virtual bool IsAvailableFor(string key) => IsAvailable;

    /// <summary>Whether copies of a key may be served as stale, because whoever has it is away.</summary>
    public virtual bool IsAwayFor(string key) => !IsAvailableFor(key);

    /// <summary>Whether words of changes come, and an answer may be here before the word of a change that it shows.</summary>
    public abstract bool HearsLate { get; }

    /// <summary>A stamp that the server's clock has reached: what is read from a source from now on is at least as young.</summary>
    public abstract long Stamp { get; }

    /// <summary>Now, in milliseconds of the server's clock.</summary>
    public abstract long ServerNow { get; }

    /// <summary>The same by the clock of the server that has a key.</summary>
    public virtual long ServerNowFor(string key) => ServerNow;

    /// <summary>This moment, by all clocks.</summary>
    /// <param name="sequence">The same in this process.</param>
    public virtual CacheStamp StampAt(long sequence) => new(sequence, Stamp);

    /// <summary>A moment by the clock of the server that has a key; 0: none was given.</summary>
    public virtual long StampFor(string key, in CacheStamp stamp) => stamp.Remote;

    /// <summary>What this process has swept of what invalidations cover.</summary>
    public virtual SweepCounts Sweeps => default;

    /// <summary>Ends when it is available, or after the time that a first read would wait for it.</summary>
    public abstract ValueTask ReadyAsync(CancellationToken cancellationToken);

    /// <summary>The same for a key.</summary>
    public virtual ValueTask ReadyAsync(string key, CancellationToken cancellationToken) => ReadyAsync(cancellationToken);

    /// <summary>The same for keys.</summary>
    public virtual ValueTask ReadyAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken) => IsAvailable ? default : ReadyAsync(cancellationToken);

    /// <summary>Looks a key up.</summary>
    public abstract ValueTask<RemoteAnswer> ReadAsync(string key, string[] tags, CancellationToken cancellationToken);

    /// <summary>Asks for the right to store a key that was missing.</summary>
    /// <param name="key">The key.</param>
    /// <param name="tags">The tags it will have.</param>
    /// <param name="invalid">The stamp of the entry that is there and of no use; -1: there was none; <see cref="Any"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public abstract ValueTask<RemoteAnswer> LeaseAsync(string key, string[] tags, long invalid, CancellationToken cancellationToken);

    /// <summary>Looks keys up, in one round trip, and in a second one the tags that are not known yet.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="tags">The tags that they probably have.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>An answer for each key, in their order.</returns>
    public abstract ValueTask<RemoteAnswer[]> ReadManyAsync(IReadOnlyList<string> keys, string[] tags, CancellationToken cancellationToken);

    /// <summary>Asks for the right to replace an entry, expired or not, that stays meanwhile: any change of it breaks the lease.</summary>
    /// <param name="key">The key.</param>
    /// <param name="mark">The mark of the entry that was found.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Granted; leased to another; failing; changed; unavailable; missing: the key cannot have such a lease.</returns>
    public abstract ValueTask<RemoteAnswer> RenewAsync(string key, ReadOnlyMemory<byte> mark, CancellationToken cancellationToken);

    /// <summary>The source failed: gives the lease back, and where an entry stays keeps others from asking the source for a while.</summary>
    public abstract ValueTask FailAsync(string key, RemoteLease lease, TimeSpan throttle);

    /// <summary>Gives an entry another expiry.</summary>
    /// <returns>False: there is no valid one; null: the level could not be asked.</returns>
    public abstract ValueTask<bool?> RetimeAsync(string key, TimeSpan lifetime, CancellationToken cancellationToken);

    /// <summary>Stores what the source brought; false: the lease was broken, or what it brought is covered by an invalidation; null: nobody knows.</summary>
    public abstract ValueTask<bool?> FillAsync(string key, RemoteLease lease, RemoteEntry entry, TimeSpan lifetime);

    /// <summary>Gives a lease back, so that others need not wait for its end.</summary>
    public abstract ValueTask ReleaseAsync(string key, RemoteLease lease);

    /// <summary>Stores a value whatever is there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="entry">The entry; with a stamp of zero it gets the server's, else it is stored only if nothing that covers it was invalidated since.</param>
    /// <param name="lifetime">How long it stays.</param>
    /// <param name="cancellationToken">Gives up; it may be stored nevertheless.</param>
    /// <returns>Null where the level could not be asked; the value counts as not stored, and what is there goes before the level is asked again.</returns>
    public abstract ValueTask<bool?> SetAsync(string key, RemoteEntry entry, TimeSpan lifetime, CancellationToken cancellationToken);

    /// <summary>Prolongs the life of an entry that slides.</summary>
    public abstract ValueTask TouchAsync(string key, TimeSpan lifetime);

    /// <summary>Removes keys on every node.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="confirmed">Whether to return only when no node serves them as fresh.</param>
    /// <param name="cancellationToken">Ends the wait; the invalidation is carried out nevertheless.</param>
    public abstract ValueTask RemoveAsync(IReadOnlyList<string> keys, bool confirmed, CancellationToken cancellationToken);

    /// <summary>Invalidates tags, patterns or everything on every node.</summary>
    /// <inheritdoc cref="RemoveAsync" />
    public abstract ValueTask InvalidateAsync(
        IReadOnlyList<string> tags, IReadOnlyList<KeyGlob> patterns, bool everything, bool confirmed, CancellationToken cancellationToken);

    /// <summary>
    /// This node serves a value of the key that the level does not have: what is there, or comes from a read that has begun by now, may be older, and counts as
    /// missing here.
    /// </summary>
    public abstract void Outdate(string key);

    /// <inheritdoc />
    public abstract ValueTask DisposeAsync();
}
