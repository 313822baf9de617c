namespace Millrace.Caching.WarmUp;

/// <summary>
/// Keeps the best of a stream of candidates within a budget, and no more in memory than twice the budget: the most active first, among equals the
/// most recently updated, and then by key, so that two runs agree. A key that comes twice counts once, at its best.
/// </summary>
internal sealed class CandidateSelection(int entryBudget, long byteBudget, long averageWeight)
{
    private readonly Dictionary<string, CacheWarmingCandidate> _kept = new(StringComparer.Ordinal);

    /// <summary>Candidates added.</summary>
    public int Seen { get; private set; }

    /// <exception cref="InvalidOperationException">The candidate is none.</exception>
    public void Add(in CacheWarmingCandidate candidate)
    {
        if (string.IsNullOrWhiteSpace(candidate.Key) || !(candidate.Activity >= 0) || candidate.SizeBytes < 0)
        {
            throw new InvalidOperationException(
                $"A candidate needs a key, an activity of 0 or more and no negative size; this one has key '{candidate.Key}', activity {candidate.Activity}, size {candidate.SizeBytes}.");
        }

        Seen++;
        if (!_kept.TryGetValue(candidate.Key, out var other) || Compare(candidate, other) < 0)
        {
            _kept[candidate.Key] = candidate;
            if (_kept.Count >= 2L * entryBudget)
            {
                Prune();
            }
        }
    }

    /// <summary>The chosen ones, best first.</summary>
    public CacheWarmingCandidate[] Choose()
    {
        Prune();
        var best = _kept.Values.ToArray();
        Array.Sort(best, static (a, b) => Compare(a, b));
        var (count, bytes) = (0, 0L);
        for (; count < best.Length; count++)
        {
            bytes += best[count].SizeBytes ?? averageWeight;
            if (bytes > byteBudget)
            {
                break;
            }
        }

        return best[..count];
    }

    private static int Compare(in CacheWarmingCandidate a, in CacheWarmingCandidate b)
    {
        var order = b.Activity.CompareTo(a.Activity);
        order = order != 0 ? order : b.UpdatedAt.CompareTo(a.UpdatedAt);
        return order != 0 ? order : string.CompareOrdinal(a.Key, b.Key);
    }

    private void Prune()
    {
        if (_kept.Count > entryBudget)
        {
            var best = _kept.Values.ToArray();
            Array.Sort(best, static (a, b) => Compare(a, b));
            foreach (var candidate in best.AsSpan(entryBudget))
            {
                _kept.Remove(candidate.Key);
            }
        }
    }
}
