namespace Millrace.Caching.Remote;

/// <summary>
/// Keeps callers from waiting for a level that does not answer: some failures in a row open it, and who watches the level, not a caller, closes it.
/// Thread-safe.
/// </summary>
internal sealed class Breaker
{
    /// <summary>Failures in a row that open it.</summary>
    public const int Limit = 3;

    private int _failures;

    /// <summary>An answer came. It closes a breaker that is not open yet.</summary>
    public void Succeeded()
    {
        if (Volatile.Read(ref _failures) is > 0 and < Limit)
        {
            Volatile.Write(ref _failures, 0);
        }
    }

    /// <returns>Whether this opened it.</returns>
    public bool Failed() => Interlocked.Increment(ref _failures) == Limit;

    /// <summary>The level answers again.</summary>
    public void Close() => Volatile.Write(ref _failures, 0);
}
