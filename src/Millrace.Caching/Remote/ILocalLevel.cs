using Millrace.Caching.Invalidation;

namespace Millrace.Caching.Remote;

/// <summary>What the second level tells the first. Called on connections' threads: every method is short and waits for nothing.</summary>
internal interface ILocalLevel
{
    /// <summary>A key was changed in the second level, by anybody.</summary>
    void KeyChanged(string key);

    /// <summary>Another node's lease of a key has ended, used or not; what this node has is untouched.</summary>
    void LeaseEnded(string key);

    /// <summary>Another node invalidated a tag.</summary>
    void TagInvalidated(string tag);

    /// <summary>Another node invalidated a pattern.</summary>
    void PatternInvalidated(KeyGlob pattern);

    /// <summary>Another node invalidated everything, or the server was flushed.</summary>
    void EverythingInvalidated();

    /// <summary>Changes may have been missed: nothing from before this call is fresh.</summary>
    void TrustLost();

    /// <summary>Entries may be served as fresh until then, a timestamp of the cache's clock; 0: not at all.</summary>
    void TrustUntil(long timestamp);

    /// <summary>
    /// The same level as each of several partitions tells it, who each have keys of their own: what one says of trust is said of its keys only. Once, before
    /// anything is trusted.
    /// </summary>
    /// <param name="count">How many partitions.</param>
    /// <param name="partitionOf">Which of them has a key.</param>
    /// <returns>Null: this is such a partition, or has partitions.</returns>
    ILocalLevel[]? Split(int count, Func<string, int> partitionOf);
}
