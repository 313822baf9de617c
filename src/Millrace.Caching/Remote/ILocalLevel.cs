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

    /// <summary>Entries may be served as fresh until then, a timestamp of the cache's clock.</summary>
    void TrustUntil(long timestamp);
}
