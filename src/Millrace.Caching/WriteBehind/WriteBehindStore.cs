namespace Millrace.Caching.WriteBehind;

// Where writes wait for their source.
//
// Writes are spread over a fixed number of partitions by their key's hash. A partition holds at most one pending write per key: a newer one takes
// the place of an older one (that is the coalescing), keeps its place in the line, and has a greater number. So a key's writes cannot be
// out of order in the store, and the memory that is needed grows with the keys that wait, not with the writes.
//
// Who flushes: a partition has one owner at a time, by a lease with a fencing number that grows with each change of owner. Claiming reads what is
// due and takes nothing away; finishing takes away, and only what still has the number that was claimed, and only by the owner's present
// fencing number. What follows:
//   - an owner that dies between any two lines leaves everything that was acknowledged in place for the next;
//   - an owner that was thought dead and comes back finds its fencing number refused: it cannot take away, delay or bury anything;
//   - what it may still do is to end a call to the source that it was in when it stood still. The number of each write, which the source can
//     compare with the one it has, is for that.
//
// Every operation is one atomic step (one script, one transaction, one lock) and may be repeated. One suite of tests runs on every store; the one
// in memory is the executable specification. Errors are the store's own exceptions: whether it did anything is not known then.
//
// Rejected: a log of all writes (a stream), coalesced when it is read. A hot key's thousand writes would all be stored, read and thrown away, the
// bound would be reached by one busy key, and finding a key's pending value would need an index as large as the table that is here instead.
internal abstract class WriteBehindStore : IAsyncDisposable
{
    /// <summary>Into how many partitions writes are spread. It is part of what is stored: never change it.</summary>
    public const int Partitions = 16;

    /// <summary>What a pending write counts beside its key and value, in bytes.</summary>
    public const int Overhead = 128;

    /// <summary>The most bytes that one claim brings; the first write of a claim comes whatever its size.</summary>
    public const int MaximumClaimBytes = 8 * 1024 * 1024;

    /// <summary>The most characters that are kept of why a write died.</summary>
    public const int MaximumReasonLength = 1024;

    /// <summary>The store's name, for people: memory, sqlite, postgres, redis.</summary>
    public abstract string Name { get; }

    /// <summary>What a write weighs against the bound.</summary>
    public static int Weigh(int keyBytes, int payloadBytes) => Overhead + keyBytes + payloadBytes;

    /// <summary>Makes ready; called once, before everything else.</summary>
    public abstract ValueTask InitializeAsync(CancellationToken cancellationToken);

    /// <summary>Keeps a write, in place of a pending one of its key. It is durable when this returns.</summary>
    /// <param name="partition">The key's partition.</param>
    /// <param name="key">The key.</param>
    /// <param name="payload">The value.</param>
    /// <param name="expected">The number of the pending write that it may replace, 0: there must be none; null: whatever there is.</param>
    /// <param name="delay">When it is due, if no write of the key is pending.</param>
    /// <param name="cancellationToken">Gives up; the write may be kept nevertheless.</param>
    public abstract ValueTask<AppendResult> AppendAsync(
        int partition, string key, ReadOnlyMemory<byte> payload, long? expected, TimeSpan delay, CancellationToken cancellationToken);

    /// <summary>The pending write of a key; null: there is none.</summary>
    public abstract ValueTask<PendingValue?> FindAsync(int partition, string key, CancellationToken cancellationToken);

    /// <summary>Makes an owner, or leaves it one, if the partition is free, its own or its owner's lease is over; and reads what is due, first come first.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="owner">Who asks; a name that no other has, and nobody after it.</param>
    /// <param name="lease">For how long it will be the owner.</param>
    /// <param name="maximum">The most writes to read.</param>
    /// <param name="early">True: also what is not due yet.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public abstract ValueTask<ClaimResult> ClaimAsync(
        int partition, string owner, TimeSpan lease, int maximum, bool early, CancellationToken cancellationToken);

    /// <summary>Prolongs a lease, if the owner still is one by that fencing number.</summary>
    public abstract ValueTask<bool> RenewAsync(int partition, string owner, long fence, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Ends a lease early, if the owner still is one by that fencing number.</summary>
    public abstract ValueTask ReleaseAsync(int partition, string owner, long fence, CancellationToken cancellationToken);

    /// <summary>Says what became of writes that were claimed. A write that was replaced since stays pending and is due after the outcome's delay.</summary>
    /// <returns>False: the fencing number is not the present one, nothing was done.</returns>
    public abstract ValueTask<bool> FinishAsync(
        int partition, string owner, long fence, IReadOnlyList<WriteOutcome> outcomes, CancellationToken cancellationToken);

    /// <summary>Keys with a pending write, in the order of their line, from a position on; what comes and goes meanwhile may be missing or be seen twice.</summary>
    public abstract ValueTask<IReadOnlyList<string>> ListPendingAsync(int partition, int skip, int maximum, CancellationToken cancellationToken);

    /// <summary>Writes that died.</summary>
    public abstract ValueTask<IReadOnlyList<DeadRecord>> ListDeadAsync(int partition, int maximum, CancellationToken cancellationToken);

    /// <summary>Makes a dead write pending again, under a new number, due at once; unless a newer one of its key is pending, which replaces it.</summary>
    public abstract ValueTask<ReplayStatus> ReplayAsync(int partition, string key, CancellationToken cancellationToken);

    /// <summary>Forgets a dead write.</summary>
    /// <returns>False: there was none.</returns>
    public abstract ValueTask<bool> DiscardAsync(int partition, string key, CancellationToken cancellationToken);

    /// <summary>How many writes wait and are dead, and since when.</summary>
    public abstract ValueTask<PartitionCounts> CountAsync(int partition, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}
