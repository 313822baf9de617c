namespace Millrace.Caching.Reading;

/// <summary>A small thread-safe source of chance for lifetimes (SplitMix64: Steele, Lea, Flood, OOPSLA 2014). Not for secrets.</summary>
internal sealed class Jitter(long seed)
{
    private long _state = seed;

    /// <summary>A lifetime from which chance has taken up to <paramref name="share"/>.</summary>
    public TimeSpan Shorten(TimeSpan lifetime, double share) =>
        share == 0 ? lifetime : TimeSpan.FromTicks(Math.Max(1, lifetime.Ticks - (long)(lifetime.Ticks * share * Next())));

    /// <summary>From 0 up to 1, 1 excluded.</summary>
    private double Next()
    {
        var z = (ulong)Interlocked.Add(ref _state, unchecked((long)0x9E3779B97F4A7C15));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
