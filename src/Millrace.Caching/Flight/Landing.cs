using Millrace.Caching.Local;

namespace Millrace.Caching.Flight;

/// <summary>What a flight brought.</summary>
/// <param name="Entry">The entry that every waiter may read.</param>
/// <param name="Original">The factory's own object, for the caller whose factory it was and for nobody else.</param>
/// <param name="FromSource">False when the entry was in the cache after all, and no factory ran.</param>
internal readonly record struct Landing<T>(Entry<T> Entry, T? Original, bool FromSource);
