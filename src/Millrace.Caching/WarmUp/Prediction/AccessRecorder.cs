namespace Millrace.Caching.WarmUp.Prediction;

// Hears of every read of a cache, and hands the first of each key in each hour to the learner: more it does not need.
//
// The first look goes to a filter, a table of the hashes that were heard in this hour: a hash of the key and one load, without a lock and without an
// allocation. Only what is not there goes on. Two keys whose places coincide put each other out, and are then handed on more often than needed,
// which does no harm; two keys with the same 32-bit hash are taken for one.
//
// Readers never wait: if somebody else is with the learner, the read is let go and not noted in the filter, so the key's next read tries again. Reads
// that warming causes are not heard at all.
internal sealed class AccessRecorder(KeyLearner learner, Func<string, bool> isWanted, TimeProvider time)
{
    private const int PlacesPerKey = 4;
    private const int MostPlaces = 1 << 20;

    private readonly Lock _lock = new(); // guards the learner
    private readonly int[] _heard = new int[Math.Min(MostPlaces, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)learner.Capacity * PlacesPerKey))];

    /// <summary>A key was read.</summary>
    public void Heard(string key)
    {
        var hash = string.GetHashCode(key, StringComparison.Ordinal) | 1;
        ref var place = ref _heard[(hash >>> 1) & (_heard.Length - 1)];
        if (Volatile.Read(ref place) != hash)
        {
            HeardFirst(key, hash, ref place);
        }
    }

    /// <inheritdoc cref="Heard(string)" />
    public void Heard(ReadOnlySpan<char> key)
    {
        var hash = string.GetHashCode(key, StringComparison.Ordinal) | 1;
        ref var place = ref _heard[(hash >>> 1) & (_heard.Length - 1)];
        if (Volatile.Read(ref place) != hash)
        {
            HeardFirst(key.ToString(), hash, ref place);
        }
    }

    /// <summary>Ends the hour if it is over.</summary>
    public void Advance()
    {
        lock (_lock)
        {
            Advance(HourOf(time.GetUtcNow()));
        }
    }

    /// <summary>The keys that the hour of a moment will most likely read; the moment lies in this hour or in the next.</summary>
    public List<(string Key, double Probability)> Predict(DateTimeOffset moment, int most, double leastProbability)
    {
        lock (_lock)
        {
            Advance(HourOf(time.GetUtcNow()));
            return learner.Predict(HourOf(moment), most, leastProbability);
        }
    }

    /// <summary>Does something with the learner while nobody else does.</summary>
    public T With<T>(Func<KeyLearner, T> work)
    {
        lock (_lock)
        {
            return work(learner);
        }
    }

    private static long HourOf(DateTimeOffset moment) => moment.ToUnixTimeSeconds() / 3600;

    private void HeardFirst(string key, int hash, ref int place)
    {
        if (WarmingFlow.IsCurrent || !_lock.TryEnter())
        {
            return;
        }

        try
        {
            Advance(HourOf(time.GetUtcNow()));
            if (isWanted(key))
            {
                learner.Observe(key, hash);
            }

            Volatile.Write(ref place, hash);
        }
        finally
        {
            _lock.Exit();
        }
    }

    private void Advance(long hour)
    {
        if (learner.Advance(hour))
        {
            Array.Clear(_heard);
        }
    }
}
