using Millrace.Caching.Local;
using Millrace.Caching.Naming;
using Millrace.Caching.Statistics;
using Millrace.Caching.Values;

namespace Millrace.Caching.Tests.Local;

/// <summary>Entries by themselves, for tests of the parts that hold them.</summary>
internal static class Entries
{
    private static readonly KeyPatterns Patterns = new(10);

    public static Entry Make(string key, long bytes = 0, long expiresAt = 60_000, long now = 0, long slidingSpan = 0, long goneAt = 0) =>
        new SharedEntry<int>(new EntryHead(key, [], 0, 1, expiresAt, slidingSpan, now, Patterns.Other, goneAt), 1, bytes) { Hash = new KeyHash(1).Of(key) };
}
