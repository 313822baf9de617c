using System.Runtime.CompilerServices;

namespace Millrace.Caching.Invalidation;

// Trust where the second level has partitions, which come and go each for itself.
//
//   - TrustedUntil is the earliest end of trust of those partitions that are not away. So the hit path asks what it always asks. A reader that comes
//     to that end takes those out whose time is over (Lapse), and goes on with the others.
//   - A partition whose trust is lost or over is away. Its entries from before are covered by a stamp of its own, which moves the sequence: each entry
//     is checked once more, by its key, and those of the others are valid as before.
//   - What is stored for a partition while it is away was watched by nobody, now or later. Its stamp is odd: one more than the stamp at which its read
//     began. Stamps of invalidations are even, so it is covered by what came after its read and by nothing else; it never equals the sequence, so a
//     reader always looks closer, and finds that it is not fresh.
//
// Order: who ends a trust writes first that the partition is away, then its stamp, then the sequence, and TrustedUntil last. What begins to be read at the
// new sequence finds the partition away when it is stored. And a reader looks at TrustedUntil first and at the sequence second, so if it sees the later
// end, it sees the sequence that covers the lost partition's entries.
internal sealed partial class InvalidationLedger
{
    private volatile PartitionTrust? _partitions; // set once, before anything is trusted

    /// <summary>Whether an entry with this stamp may ever be fresh: somebody would have told of changes.</summary>
    public static bool IsWatched(long stamp) => (stamp & 1) == 0;

    /// <summary>From now on trust is each partition's own; all are away. Once, before anything is trusted.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="partitionOf">Which of them has a key. Called without a lock, by any thread.</param>
    public void Split(int count, Func<string, int> partitionOf)
    {
        _partitions = new PartitionTrust(count, partitionOf);
        TrustedUntil = 0;
    }

    /// <summary>Until when a partition's entries may be served as fresh, as a timestamp of the cache's clock; 0: it is away, and what was read before is not fresh any more.</summary>
    public void TrustUntil(int partition, long timestamp)
    {
        lock (_lock)
        {
            var wasAway = _partitions!.IsAway(partition);
            _partitions.TrustUntil(partition, timestamp);
            if (timestamp == 0 && !wasAway)
            {
                DistrustLocked(partition);
            }

            TrustedUntil = _partitions.Earliest();
        }
    }

    /// <summary>What a partition's keys were read as before this moment may be stale and nobody would have told: it is valid no more.</summary>
    public void Distrust(int partition)
    {
        lock (_lock)
        {
            DistrustLocked(partition);
        }
    }

    /// <summary>A reader has come to the end of trust: partitions whose time is over are away now.</summary>
    /// <returns>Whether others are trusted still.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool Lapse(long now)
    {
        if (_partitions is null || TrustedUntil == 0)
        {
            return false;
        }

        lock (_lock)
        {
            var stamp = _sequence + Step;
            if (_partitions.Lapse(now, stamp))
            {
                Volatile.Write(ref _sequence, stamp);
                TrustedUntil = _partitions.Earliest();
            }

            return now < TrustedUntil;
        }
    }

    /// <summary>The stamp of an entry that is stored now for a key and was read at a stamp: odd where nobody watches it.</summary>
    public long StampFor(string key, long stamp) => _partitions is { } partitions && partitions.IsAway(partitions.Of(key)) ? stamp | 1 : stamp;

    private bool IsUntrusted(long stamp, string key) => !IsWatched(stamp) || _partitions!.IsDistrusted(_partitions.Of(key), stamp);

    private void DistrustLocked(int partition)
    {
        var stamp = _sequence + Step;
        _partitions!.Distrust(partition, stamp);
        Volatile.Write(ref _sequence, stamp);
    }
}
