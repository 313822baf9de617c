namespace Millrace.Caching.Local.Eviction;

// Which entry goes when room is needed: W-TinyLFU (Einziger, Friedman, Manes: "TinyLFU: A Highly Efficient Cache Admission Policy", ACM Transactions on
// Storage 2017) with a window that finds its size itself (WindowClimber), and with queues that reads do not reorder.
//
//   arrival ──► window ──────────────► contest: who was read more often lately, per byte? ── candidate ──► probation ──► protected
//                 ▲  │ read since?          (candidate against main's victim;                                 ▲  │          │  │ read since?
//                 └──┘ once more            a draw goes to the victim)                                        │  │ unread   │  └──► once more
//                                                                                                             │  ▼          │ unread
//                                                                                                             │ victim      │
//                                                                                                             └─────────────┘
//
// Three queues in order of arrival: the window, and the two segments of the main part, probation and protected (four fifths of it at most). A read
// changes nothing but a counter in the entry, up to 3, so readers need no lock, no buffer, and write nothing at all while an entry is hot. What LRU does at the
// read is done when an entry reaches the old end of its queue: one that was read since takes its place again at the new end (in probation: moves on to
// protected), and its count is added to the sketch. So the queues are CLOCKs (Corbató 1968), which on the recorded traces hit as often as true LRU queues within half a
// point, and the count of 3 filters bursts, as in S3-FIFO (Yang, Zhang, Qiu, Yue, Rashmi, SOSP 2023).
//
// Why it resists what breaks others: a scan passes through the window and loses every contest; a loop longer than the cache leaves the main part as it
// is, where LRU, and SIEVE with it, answer nothing; and where recency rules, the window grows until it is nearly all.
//
// Bytes: window and segments are shares of both bounds, entries and bytes, and full as soon as one is. A contest compares reads per byte.
//
// Invariants, all under the store's lock:
//   - every resident entry is in exactly one queue, Entry.Section says in which;
//   - room is made before an entry is added, so an entry is never the victim of its own arrival, whatever its contest would have said; it may fall to
//     the next one's.
//
// Bounds: each search for a victim moves StepLimit entries at most and then takes what it has come to; an arrival moves as many from a part that has become
// too large. Memory: 8 bytes an entry for the sketch, 2 for the shadows.
//
// Rejected (decision 0003 has the figures): LRU, SIEVE and S3-FIFO, each of which is far behind on some traces; a fixed window, right on some; hill climbing alone,
// which takes chance for evidence where the workload drifts; buffers of reads, as exact LRU needs, which cost more than the look-up.
internal sealed class WindowTinyLfu
{
    /// <summary>Reads that an entry counts between two looks.</summary>
    public const byte MostReads = 3;

    private const int StepLimit = 256;
    private const double ProtectedShare = 0.8;
    private const int RequestsPerSample = 10;
    private const int FewestRequestsPerSample = 100;

    private readonly long _sizeLimitBytes;
    private readonly int _entryLimit;
    private readonly Func<long> _hits;
    private readonly EntryQueue _window = new(EntrySection.Window);
    private readonly EntryQueue _probation = new(EntrySection.Probation);
    private readonly EntryQueue _protected = new(EntrySection.Protected);
    private readonly FrequencySketch _sketch = new();
    private readonly LoserShadow _windowShadow = new();
    private readonly LoserShadow _mainShadow = new();
    private readonly WindowClimber _climber = new();
    private (int Entries, long Bytes) _windowBounds;
    private (int Entries, long Bytes) _protectedBounds;
    private bool _isCounting; // what is read how often matters only where something has to go: from when the cache is nearly full
    private bool _isSampling;
    private long _sampleHits; // as the counters stood when the sample began
    private int _sampleStores;
    private int _nextLook;

    /// <param name="sizeLimitBytes">The bound in bytes.</param>
    /// <param name="entryLimit">The bound in entries.</param>
    /// <param name="hits">The hits so far.</param>
    public WindowTinyLfu(long sizeLimitBytes, int entryLimit, Func<long> hits)
    {
        (_sizeLimitBytes, _entryLimit, _hits) = (sizeLimitBytes, entryLimit, hits);
        SetBounds();
    }

    public int Count => _window.Count + _probation.Count + _protected.Count;

    public long Bytes => _window.Bytes + _probation.Bytes + _protected.Bytes;

    /// <summary>The window's present share of the bounds.</summary>
    public double WindowShare => _climber.Share;

    /// <summary>True if an entry of this weight does not fit beside the others.</summary>
    public bool IsFull(int weight) => Count >= _entryLimit || Bytes + weight > _sizeLimitBytes;

    /// <summary>The oldest entry of the window, which probably goes next where there is no room.</summary>
    public Entry? Oldest => _isCounting ? _window.Oldest : null;

    /// <summary>Fetches what is known of a hash, which will be looked at soon.</summary>
    public void Prefetch(int hash)
    {
        if (_isCounting)
        {
            _sketch.Prefetch(hash);
        }
    }

    /// <summary>Adds an entry for which there is room.</summary>
    public void Add(Entry entry)
    {
        if (_isCounting || (_isCounting = IsNearlyFull()))
        {
            _windowShadow.Missed(entry.Hash, Count);
            _mainShadow.Missed(entry.Hash, Count);
            _sketch.Add(entry.Hash, 1, Count + 1);
        }

        DrainWindow(entry.Weight);
        entry.Reads = 0;
        _window.Add(entry);
        Sample();
    }

    /// <summary>Adds an entry that replaces another of the same key, for which there is room: young again, in the part where the other was.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="section">Where the other was before it was removed.</param>
    /// <param name="reads">What the other had counted.</param>
    public void AddAgain(Entry entry, EntrySection section, byte reads)
    {
        entry.Reads = (byte)Math.Min(MostReads, reads + 1);
        QueueOf(section).Add(entry);
    }

    public void Remove(Entry entry) => QueueOf(entry.Section).Remove(entry);

    /// <summary>The entry to evict so that one of a weight may be added; it stays until it is removed. Null when there is none.</summary>
    public Entry? Victim(int weight)
    {
        _isSampling = _isSampling || BeginSample();
        var candidate = IsWindowOver(weight) || _probation.Count + _protected.Count == 0 ? WindowTail() : null;
        var victim = MainVictim();
        if (candidate is null || victim is null)
        {
            return Lose(candidate ?? victim);
        }

        if (!Wins(candidate, victim))
        {
            return Lose(candidate);
        }

        Lose(victim); // before the candidate stands behind it in the same queue
        Move(candidate, _window, _probation);
        return victim;
    }

    /// <summary>Gives back memory that more entries needed.</summary>
    public void Trim() => _sketch.Trim(Count);

    /// <summary>True if the candidate was read more often than the victim, per byte.</summary>
    private bool Wins(Entry candidate, Entry victim) => (long)(Frequency(candidate) - 1) * victim.Weight > (long)Frequency(victim) * candidate.Weight;

    private int Frequency(Entry entry) => Math.Min(FrequencySketch.Highest, _sketch.Of(entry.Hash) + entry.Reads);

    private bool IsNearlyFull() => Count >= _entryLimit - (_entryLimit / 16) || Bytes >= _sizeLimitBytes - (_sizeLimitBytes / 16);

    private bool IsWindowOver(int weight) =>
        _window.Count > 0 && (_window.Count >= _windowBounds.Entries || _window.Bytes + weight > _windowBounds.Bytes);

    private bool IsProtectedOver() => _protected.Count > _protectedBounds.Entries || _protected.Bytes > _protectedBounds.Bytes;

    /// <summary>The window's share has changed.</summary>
    private void SetBounds()
    {
        var (window, kept) = (_climber.Share, (1 - _climber.Share) * ProtectedShare);
        _windowBounds = (Math.Max(1, (int)(window * _entryLimit)), (long)(window * _sizeLimitBytes));
        _protectedBounds = ((int)(kept * _entryLimit), (long)(kept * _sizeLimitBytes));
    }

    private EntryQueue QueueOf(EntrySection section) => section switch
    {
        EntrySection.Window => _window,
        EntrySection.Probation => _probation,
        _ => _protected,
    };

    /// <summary>Moves the reads that an entry has counted to the sketch.</summary>
    private void Absorb(Entry entry)
    {
        if (entry.Reads > 0)
        {
            if (_isCounting)
            {
                _sketch.Add(entry.Hash, entry.Reads, Count);
            }

            entry.Reads = 0;
        }
    }

    private void Move(Entry entry, EntryQueue from, EntryQueue to)
    {
        from.Remove(entry);
        Absorb(entry);
        to.Add(entry);
    }

    /// <summary>The oldest entry of the window that was not read since it came or was looked at.</summary>
    private Entry? WindowTail()
    {
        for (var steps = Math.Min(StepLimit, _window.Count); steps > 0 && _window.Oldest is { Reads: > 0 } read; steps--)
        {
            Move(read, _window, _window);
        }

        return _window.Oldest;
    }

    private Entry? MainVictim()
    {
        for (var steps = 0; steps < StepLimit && steps < _probation.Count + _protected.Count; steps++)
        {
            if (_probation.Oldest is { } entry)
            {
                if (entry.Reads == 0)
                {
                    return entry;
                }

                Move(entry, _probation, _protected);
                DrainProtected();
            }
            else if (_protected.Oldest is { Reads: > 0 } read)
            {
                Move(read, _protected, _protected);
            }
            else
            {
                break;
            }
        }

        return _probation.Oldest ?? _protected.Oldest;
    }

    private void DrainProtected()
    {
        for (var steps = 0; steps < StepLimit && IsProtectedOver() && _protected.Oldest is { } entry; steps++)
        {
            Move(entry, _protected, entry.Reads > 0 ? _protected : _probation);
        }
    }

    /// <summary>While there is room, what the window has no share for goes to the main part without a contest.</summary>
    private void DrainWindow(int weight)
    {
        for (var steps = 0; steps < StepLimit && IsWindowOver(weight); steps++)
        {
            Move(WindowTail()!, _window, _probation);
        }
    }

    private Entry? Lose(Entry? entry)
    {
        if (entry is not null)
        {
            (entry.Section == EntrySection.Window ? _windowShadow : _mainShadow).Lost(entry.Hash, Count);
            Absorb(entry);
        }

        return entry;
    }

    private bool BeginSample()
    {
        (_sampleHits, _sampleStores) = (_hits(), 0);
        _nextLook = Math.Max(1, Count / 8);
        _windowShadow.Reset();
        _mainShadow.Reset();
        return true;
    }

    /// <summary>One more request that the cache could not answer. Samples are taken only while the cache is full: before, the hit rate rises in any case.</summary>
    private void Sample()
    {
        if (!_isSampling || ++_sampleStores < _nextLook)
        {
            return;
        }

        _nextLook = _sampleStores + Math.Max(1, Count / 8);
        var hit = _hits() - _sampleHits;
        var requests = hit + _sampleStores;
        if (requests >= Math.Max(FewestRequestsPerSample, (long)RequestsPerSample * Count))
        {
            _climber.Climb(hit, requests, _windowShadow.Misses, _mainShadow.Misses);
            SetBounds();
            _isSampling = false; // the next eviction begins the next sample
        }
    }
}
