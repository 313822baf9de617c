namespace Millrace.Caching;

/// <summary>A moment in the order of one cache's invalidations; from <see cref="Cache.Stamp"/>. Meaningless to any other cache.</summary>
public readonly record struct CacheStamp
{
    internal CacheStamp(long sequence) => Sequence = sequence;

    internal long Sequence { get; }
}
