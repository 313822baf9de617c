namespace Millrace.Caching.WarmUp.Prediction;

// Which keys will be read in the next hour? Learned hour by hour from which keys were read in the hours before: per key a frequency, a recent
// frequency, a profile over the 24 hours of the day and one over the 7 days of the week, all exponentially decayed (KeyFeatures has the
// mathematics), weighed against each other by a model that learns online (RankModel).
//
// An hour begins and ends with Advance, which trains the model on what it would have said of the hour, adds the hour to the profiles, and drops
// keys that have gone out of use. Hours that were not observed (the process did not run, or the clock jumped) are left out of the count of time
// rather than taken for silence.
//
// Bounds. At most Capacity keys are known, of at most LongestKey characters each: at worst 1,200 bytes a key, with keys of 40 characters about 250.
// A key that comes when all places are taken must have been seen in an earlier hour too (a bit in a doorkeeper says so, as in TinyLFU: Einziger,
// Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM Transactions on Storage 13, 2017), and then takes the place of the
// weakest of sixteen that are drawn by a walking hand, if that one was not read this hour and is weak. So a scan of a million keys that are read
// once costs a few weak keys at most, and no memory.
//
// Not thread-safe: AccessRecorder holds its lock.
internal sealed class KeyLearner
{
    public const int LongestKey = 512;

    private const int HoursOfDay = 24;
    private const int DaysOfWeek = 7;
    private const int LongestGap = 24; // idle hours that count as observed when nobody said that they began
    private const int Probes = 16;
    private const int DoorkeeperBitsPerKey = 16;
    private const int DoorkeeperHours = 24;
    private const double ReplaceBelow = 2; // a key that was read in two hours lately keeps its place against newcomers
    private const double ForgetBelow = 0.05; // of a single read this is left after 13 days

    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly List<int> _free = [];
    private readonly RankModel _model = new();
    private readonly ulong[] _doorkeeper;
    private KeyRecord[] _records = new KeyRecord[256];
    private Half[] _hours = new Half[256 * HoursOfDay];
    private float[] _days = new float[256 * DaysOfWeek];
    private int _used; // places ever taken; those in _free are empty
    private int _doorkeeperSet;
    private int _hand;
    private int _observed = 1; // the number of the current hour among those observed
    private long _hour = -1; // the current hour since 1970; -1 before the first
    private bool _isWhole; // the current hour is observed from its beginning
    private bool _isRestored; // nothing was observed between the current hour and the next call of Advance

    public KeyLearner(int capacity)
    {
        Capacity = capacity;
        _doorkeeper = new ulong[Math.Max(1, (capacity * DoorkeeperBitsPerKey) / 64)];
    }

    public int Capacity { get; }

    public int Count => _places.Count;

    public RankModel Model => _model;

    /// <summary>The current hour, counted from 1970; -1 before the first.</summary>
    public long Hour => _hour;

    /// <summary>The number of the current hour among those observed.</summary>
    public int Observed => _observed;

    /// <summary>What all arrays and keys weigh, in bytes.</summary>
    public long EstimatedBytes { get; private set; }

    /// <summary>Ends the current hour if another has begun.</summary>
    /// <returns>True when an hour ended.</returns>
    public bool Advance(long hour)
    {
        if (hour <= _hour)
        {
            return false; // the clock went back: what is read now counts for the hour that is known
        }

        if (_hour < 0)
        {
            _hour = hour;
            return true;
        }

        var gap = hour - _hour - 1;
        var isObserved = gap <= LongestGap && !_isRestored;
        CloseHour();
        for (_hour++; isObserved && _hour < hour; _hour++)
        {
            _isWhole = true;
            CloseHour();
        }

        (_hour, _isWhole, _isRestored) = (hour, isObserved, false);
        return true;
    }

    /// <summary>Notes that a key was read in the current hour.</summary>
    /// <param name="key">The key.</param>
    /// <param name="hash">Its hash, which only has to stay the same while the process runs.</param>
    public void Observe(string key, int hash)
    {
        if (_places.TryGetValue(key, out var place))
        {
            _records[place].Seen = _observed;
        }
        else if (key.Length <= LongestKey && TakePlace(hash) is >= 0 and var taken)
        {
            Put(taken, key);
        }
    }

    /// <summary>The keys that are most likely read in an hour, likeliest first.</summary>
    /// <param name="hour">The current hour, or the next one: then the current one counts as if it were over.</param>
    /// <param name="most">At most so many.</param>
    /// <param name="leastProbability">None that is less likely.</param>
    public List<(string Key, double Probability)> Predict(long hour, int most, double leastProbability)
    {
        var isNext = hour > _hour;
        var target = isNext ? _hour + 1 : _hour;
        Span<double> features = stackalloc double[KeyFeatures.Count];
        var best = new PriorityQueue<string, (double Probability, string Key)>(LikeliestLast.Instance);
        foreach (var (key, place) in _places)
        {
            if (!isNext && _records[place].First == _observed)
            {
                continue; // read in this hour for the first time: in the cache already
            }

            KeyFeatures.Write(HistoryOf(place, target, isNext), features);
            var probability = _model.Probability(features);
            if (probability < leastProbability)
            {
                continue;
            }

            if (best.Count < most)
            {
                best.Enqueue(key, (probability, key));
            }
            else if (most > 0)
            {
                best.EnqueueDequeue(key, (probability, key));
            }
        }

        var ranked = new List<(string, double)>(best.Count);
        while (best.TryDequeue(out var key, out var rank))
        {
            ranked.Add((key, rank.Probability));
        }

        ranked.Reverse();
        return ranked;
    }

    /// <summary>Every known key with its record, for saving.</summary>
    internal IEnumerable<(string Key, KeyRecord Record, ReadOnlyMemory<Half> Hours, ReadOnlyMemory<float> Days)> Records() =>
        _places.Select(pair => (
            pair.Key,
            _records[pair.Value],
            (ReadOnlyMemory<Half>)_hours.AsMemory(pair.Value * HoursOfDay, HoursOfDay),
            (ReadOnlyMemory<float>)_days.AsMemory(pair.Value * DaysOfWeek, DaysOfWeek)));

    /// <summary>Takes over a saved state, once, before anything else; the time in between counts as not observed.</summary>
    /// <param name="hour">The hour in which it was saved.</param>
    /// <param name="observed">The number of that hour among those observed.</param>
    /// <param name="saved">The keys; if there are too many, those that were read most stay.</param>
    internal void Restore(long hour, int observed, IEnumerable<(string Key, KeyRecord Record, Half[] Hours, float[] Days)> saved)
    {
        (_hour, _observed, _isWhole, _isRestored) = (hour, observed, false, true);
        foreach (var (key, record, hours, days) in saved.OrderByDescending(static row => row.Record.Slow).Take(Capacity))
        {
            if (!_places.ContainsKey(key))
            {
                var place = TakePlace(hash: 0);
                Put(place, key);
                _records[place] = record;
                hours.CopyTo(_hours, place * HoursOfDay);
                days.CopyTo(_days, place * DaysOfWeek);
            }
        }
    }

    private static int HourOfDay(long hour) => (int)(hour % HoursOfDay);

    private static int DayOfWeek(long hour) => (int)((hour / HoursOfDay) % DaysOfWeek);

    private void CloseHour()
    {
        Span<double> features = stackalloc double[KeyFeatures.Count];
        var (hourOfDay, dayOfWeek) = (HourOfDay(_hour), DayOfWeek(_hour));
        for (var place = 0; place < _used; place++)
        {
            ref var record = ref _records[place];
            if (record.Key is null)
            {
                continue;
            }

            var read = record.Seen == _observed;
            if (_isWhole && record.First < _observed)
            {
                KeyFeatures.Write(HistoryOf(place, _hour, isNext: false), features);
                _model.Learn(features, read);
            }

            var one = read ? 1f : 0f;
            record.Slow = (float)(record.Slow * KeyFeatures.SlowFade) + one;
            record.Fast = (float)(record.Fast * KeyFeatures.FastFade) + one;
            ref var atHour = ref _hours[(place * HoursOfDay) + hourOfDay];
            atHour = (Half)((double)atHour * KeyFeatures.HourFade + one);
            ref var onDay = ref _days[(place * DaysOfWeek) + dayOfWeek];
            onDay = (float)(onDay * KeyFeatures.DayFade) + one;
            record.Last = read ? _observed : record.Last;
            if (record.Slow < ForgetBelow)
            {
                Forget(place);
            }
        }

        _model.Age();
        _observed++;
        if (_observed % DoorkeeperHours == 0)
        {
            ClearDoorkeeper();
        }
    }

    private KeyHistory HistoryOf(int place, long target, bool isNext)
    {
        ref readonly var record = ref _records[place];
        var hours = _hours.AsSpan(place * HoursOfDay, HoursOfDay);
        var hourOfDay = HourOfDay(target);
        var before = (double)hours[(hourOfDay + HoursOfDay - 1) % HoursOfDay];
        double day = _days[(place * DaysOfWeek) + DayOfWeek(target)];
        double slow = record.Slow, fast = record.Fast;
        var (last, now) = (record.Last, _observed);
        if (isNext)
        {
            var seen = record.Seen == _observed;
            var one = seen ? 1.0 : 0.0;
            slow = (slow * KeyFeatures.SlowFade) + one;
            fast = (fast * KeyFeatures.FastFade) + one;
            before = (before * KeyFeatures.HourFade) + one;
            day = DayOfWeek(_hour) == DayOfWeek(target) ? (day * KeyFeatures.DayFade) + one : day;
            last = seen ? _observed : last;
            now++;
        }

        return new KeyHistory
        {
            Age = now - record.First,
            Gap = now - last,
            HourOfDay = hourOfDay,
            Slow = slow,
            Fast = fast,
            Hour = (double)hours[hourOfDay],
            HourBefore = before,
            HourAfter = (double)hours[(hourOfDay + 1) % HoursOfDay],
            Day = day,
        };
    }

    /// <summary>A place for a new key; -1 when it gets none.</summary>
    private int TakePlace(int hash)
    {
        if (_free.Count > 0)
        {
            var place = _free[^1];
            _free.RemoveAt(_free.Count - 1);
            return place;
        }

        if (_used < Capacity)
        {
            if (_used == _records.Length)
            {
                var length = Math.Min(Capacity, _records.Length * 2);
                Array.Resize(ref _records, length);
                Array.Resize(ref _hours, length * HoursOfDay);
                Array.Resize(ref _days, length * DaysOfWeek);
            }

            return _used++;
        }

        return KnockedBefore(hash) ? Weakest() : -1;
    }

    private bool KnockedBefore(int hash)
    {
        var bit = (uint)hash % (uint)(_doorkeeper.Length * 64);
        ref var word = ref _doorkeeper[bit / 64];
        var mask = 1UL << (int)(bit % 64);
        if ((word & mask) != 0)
        {
            return true;
        }

        word |= mask;
        if (++_doorkeeperSet > _doorkeeper.Length * 32)
        {
            ClearDoorkeeper(); // half full: it would let in too many
        }

        return false;
    }

    private void ClearDoorkeeper()
    {
        Array.Clear(_doorkeeper);
        _doorkeeperSet = 0;
    }

    private int Weakest()
    {
        var weakest = -1;
        for (var i = 0; i < Probes; i++)
        {
            _hand = (_hand + 1) % _used;
            if (_records[_hand].Key is not null && _records[_hand].Seen != _observed && (weakest < 0 || _records[_hand].Slow < _records[weakest].Slow))
            {
                weakest = _hand;
            }
        }

        if (weakest < 0 || _records[weakest].Slow >= ReplaceBelow)
        {
            return -1;
        }

        Forget(weakest);
        _free.RemoveAt(_free.Count - 1);
        return weakest;
    }

    private void Put(int place, string key)
    {
        _records[place] = new KeyRecord { Key = key, First = _observed, Last = _observed, Seen = _observed };
        _places.Add(key, place);
        EstimatedBytes += WeightOf(key);
    }

    private void Forget(int place)
    {
        var key = _records[place].Key!;
        _places.Remove(key);
        _records[place] = default;
        _hours.AsSpan(place * HoursOfDay, HoursOfDay).Clear();
        _days.AsSpan(place * DaysOfWeek, DaysOfWeek).Clear();
        _free.Add(place);
        EstimatedBytes -= WeightOf(key);
    }

    /// <summary>Record and profiles, the dictionary's share, the key.</summary>
    private static long WeightOf(string key) => 32 + (2 * HoursOfDay) + (4 * DaysOfWeek) + 40 + 22 + (2L * key.Length);

    private sealed class LikeliestLast : IComparer<(double Probability, string Key)>
    {
        public static readonly LikeliestLast Instance = new();

        public int Compare((double Probability, string Key) x, (double Probability, string Key) y) =>
            x.Probability.CompareTo(y.Probability) is not 0 and var order ? order : string.CompareOrdinal(y.Key, x.Key);
    }
}
