using Millrace.Caching.Local;

namespace Millrace.Caching.Flight;

/// <summary>What a flight brought.</summary>
/// <param name="Entry">The entry that every waiter may read.</param>
/// <param name="Original">An object of its own for the caller who began the flight, and for nobody else.</param>
/// <param name="HasOriginal">False when there is none: the entry was in L1 after all.</param>
/// <param name="IsStale">The entry has expired, and is served in place of a source that fails or is too slow.</param>
/// <param name="IsAbsent">A source of several keys had nothing for this one; the entry is not stored.</param>
/// <param name="IsOvertaken">The key was invalidated while the source was read: the value is stored nowhere, and what is stored may be older.</param>
internal readonly record struct Landing<T>(Entry<T> Entry, T? Original, bool HasOriginal, bool IsStale = false, bool IsAbsent = false, bool IsOvertaken = false);
