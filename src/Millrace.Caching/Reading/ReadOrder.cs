namespace Millrace.Caching.Reading;

/// <summary>Numbers the reads of sources and the writes of one cache: of two that bring one key, the one with the greater number stays. Thread-safe.</summary>
internal sealed class ReadOrder
{
    private long _last;

    public long Next() => Interlocked.Increment(ref _last);
}
