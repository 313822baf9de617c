namespace Millrace.Caching;

/// <summary>A moment in the order of one cache's invalidations; from <see cref="Cache.Stamp"/>. Meaningless to any other cache.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
public readonly record struct CacheStamp
{
    internal CacheStamp(long sequence, long remote) => (Sequence, Remote) = (sequence, remote);

    internal CacheStamp(long sequence, long remote, long[] partitions)
        : this(sequence, remote) => Partitions = partitions;

    /// <summary>In this process.</summary>
    internal long Sequence { get; }

    /// <summary>By the server's clock; 0 where there is none.</summary>
    internal long Remote { get; }

    /// <summary>The same for each partition, by its server's clock; null where there are none.</summary>
    internal long[]? Partitions { get; }
}
