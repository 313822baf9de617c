namespace Millrace.Caching.WriteBehind.Flushing;

/// <summary>How long a refused write waits: doubled with each attempt, up to a limit, a fifth more or less by chance.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest, long seed)
{
    private const double Spread = 0.2;

    private readonly Lock _lock = new(); // guards _random
    private readonly Random _random = new((int)(seed ^ (seed >> 32)));

    /// <param name="failures">How often it has failed, this time included.</param>
    public TimeSpan After(int failures)
    {
        var steps = Math.Min(failures - 1, 40); // a trillionfold; longer than any limit
        var ticks = Math.Min(longest.Ticks, first.Ticks * Math.Pow(2, steps));
        lock (_lock)
        {
            return TimeSpan.FromTicks((long)(ticks * (1 - Spread + (2 * Spread * _random.NextDouble()))));
        }
    }
}
