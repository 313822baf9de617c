using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.FailSafe;

/// <summary>The key patterns whose source fails now, so that an outage is logged when it begins and when it ends. Bound: the patterns of the statistics.</summary>
internal sealed class SourceOutages(string cacheName, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<KeyPattern, long> _since = new();
    private int _count; // of _since, which takes all of its locks to say so itself

    /// <summary>The source failed, and what was kept was served.</summary>
    public void Failed(KeyPattern pattern, Exception failure)
    {
        if (_since.TryAdd(pattern, time.GetTimestamp()))
        {
            Interlocked.Increment(ref _count);
            Log.SourceFailing(logger, failure, cacheName, pattern.Name);
        }
    }

    /// <summary>The source answered.</summary>
    public void Answered(KeyPattern pattern)
    {
        if (Volatile.Read(ref _count) > 0 && _since.TryRemove(pattern, out var since))
        {
            Interlocked.Decrement(ref _count);
            Log.SourceBack(logger, cacheName, pattern.Name, time.GetElapsedTime(since));
        }
    }
}
