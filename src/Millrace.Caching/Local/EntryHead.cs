using Millrace.Caching.Statistics;

namespace Millrace.Caching.Local;

/// <summary>What an entry is stored under and for how long; the part that does not depend on the type of its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Tags">Its tags, checked and without repetition; entries may share the array.</param>
/// <param name="Stamp">The stamp of the last invalidation when the read of its source began.</param>
/// <param name="Order">Which read of a source it came from; of two reads of one key, the later one stays.</param>
/// <param name="ExpiresAt">When it expires at the latest, as a timestamp of the cache's clock.</param>
/// <param name="SlidingSpan">After how long without a read it expires, in the clock's units; 0: reading has no influence.</param>
/// <param name="Now">When it was made.</param>
/// <param name="Pattern">The counters of its key pattern.</param>
/// <param name="GoneAt">Until when it is kept, as a timestamp, though it has expired; 0: no longer than it is fresh.</param>
/// <param name="RefreshAt">From when on a read has it refreshed, as a timestamp; 0: never.</param>
internal readonly record struct EntryHead(
    string Key, string[] Tags, long Stamp, long Order, long ExpiresAt, long SlidingSpan, long Now, KeyPattern Pattern, long GoneAt = 0, long RefreshAt = 0);
