namespace Millrace.Caching.Invalidation;

/// <summary>What the ledger knows of each partition. Written under the ledger's lock.</summary>
/// <param name="count">How many there are.</param>
/// <param name="partitionOf">Which of them has a key.</param>
internal sealed class PartitionTrust(int count, Func<string, int> partitionOf)
{
    private readonly long[] _until = new long[count]; // 0: it is away
    private readonly long[] _distrusted = new long[count];

    public int Of(string key) => partitionOf(key);

    public bool IsAway(int partition) => Volatile.Read(ref _until[partition]) == 0;

    public void TrustUntil(int partition, long until) => Volatile.Write(ref _until[partition], until);

    /// <summary>What was read before a stamp is not fresh any more.</summary>
    public void Distrust(int partition, long stamp) => Volatile.Write(ref _distrusted[partition], stamp);

    public bool IsDistrusted(int partition, long stamp) => stamp < Volatile.Read(ref _distrusted[partition]);

    /// <summary>Ends the trust of those whose time is over.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Lapse(long now, long stamp)
    {
        var any = false;
        for (var partition = 0; partition < _until.Length; partition++)
        {
            if (_until[partition] is > 0 and var until && until <= now)
            {
                TrustUntil(partition, 0);
                Distrust(partition, stamp);
                any = true;
            }
        }

        return any;
    }

    /// <summary>Until when all of those are trusted that are not away; 0: all are away.</summary>
    public long Earliest()
    {
        var earliest = long.MaxValue;
        foreach (var until in _until)
        {
            if (until > 0 && until < earliest)
            {
                earliest = until;
            }
        }

        return earliest == long.MaxValue ? 0 : earliest;
    }
}
