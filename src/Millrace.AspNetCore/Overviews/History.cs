namespace Millrace.AspNetCore.Overviews;

/// <summary>The last samples in a ring: a fixed number, the oldest overwritten. Thread-safe.</summary>
internal sealed class History(int capacity, DateTimeOffset startedAt)
{
    private readonly Lock _lock = new(); // guards the fields below
    private readonly Sample[] _ring = new Sample[capacity];
    private long _count;

    /// <summary>When counting began: the start of the application.</summary>
    public DateTimeOffset StartedAt { get; } = startedAt;

    public int Capacity => _ring.Length;

    /// <summary>The sequence that the next sample gets.</summary>
    public long Next
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    public void Add(Sample sample)
    {
        lock (_lock)
        {
            _ring[_count % _ring.Length] = sample;
            _count++;
        }
    }

    /// <summary>The samples from a sequence on that are still held, oldest first.</summary>
    public IReadOnlyList<Sample> From(long sequence)
    {
        lock (_lock)
        {
            var first = Math.Max(sequence, Math.Max(0, _count - _ring.Length));
            if (first >= _count)
            {
                return [];
            }

            var samples = new Sample[_count - first];
            for (var i = 0; i < samples.Length; i++)
            {
                samples[i] = _ring[(first + i) % _ring.Length];
            }

            return samples;
        }
    }
}
