namespace Millrace.Jobs.Stores.Memory;

/// <summary>Walks the jobs in the order of <see cref="JobQuery"/>: state by state, and within a state through the sets of all queues at once.</summary>
internal static class MemoryList
{
    private static readonly JobRecord Blank = new()
    {
        Id = string.Empty,
        Queue = string.Empty,
        Type = string.Empty,
        State = JobState.Waiting,
        Payload = ReadOnlyMemory<byte>.Empty,
        CreatedAt = default,
        DueAt = default,
    };

    /// <summary>The jobs after a place; the query's filters are the caller's.</summary>
    public static IEnumerable<MemoryJob> After(ListPlace place, JobBook book, JobQuery query) => query.Tag is not null
        ? book.Before(-place.First)
        : place.States(query).SelectMany(state => Merge(book.Sets(state, query.Queue), Later(place, ListPlace.Start(state, query)), state, query).TakeWhile(job => !ListRange.IsPast(query, job.Record)));

    private static ListPlace Later(ListPlace a, ListPlace b) => a > b ? a : b;

    private static IEnumerable<MemoryJob> Merge(IEnumerable<SortedSet<MemoryJob>> sets, ListPlace place, JobState state, JobQuery query)
    {
        var heads = new PriorityQueue<IEnumerator<MemoryJob>, ListPlace>();
        foreach (var set in sets)
        {
            Advance(heads, From(set, place, state).GetEnumerator(), query);
        }

        while (heads.TryDequeue(out var head, out var found))
        {
            if (found > place)
            {
                yield return head.Current;
            }

            Advance(heads, head, query);
        }
    }

    private static void Advance(PriorityQueue<IEnumerator<MemoryJob>, ListPlace> heads, IEnumerator<MemoryJob> jobs, JobQuery query)
    {
        if (jobs.MoveNext())
        {
            heads.Enqueue(jobs, ListPlace.Of(jobs.Current.Record, jobs.Current.Sequence, query));
        }
    }

    /// <summary>The jobs of a set from a place on, that job included.</summary>
    private static IEnumerable<MemoryJob> From(SortedSet<MemoryJob> set, ListPlace place, JobState state)
    {
        var ended = state is JobState.Completed or JobState.Dead or JobState.Cancelled;
        if (set.Count == 0 || place == ListPlace.Before(state))
        {
            return ended ? set.Reverse() : set;
        }

        var probe = Probe(place, state);
        if (ended)
        {
            return set.Comparer.Compare(probe, set.Min) < 0 ? [] : set.GetViewBetween(set.Min, probe).Reverse();
        }

        return set.Comparer.Compare(probe, set.Max) > 0 ? [] : set.GetViewBetween(probe, set.Max);
    }

    /// <summary>A job that would stand at the place.</summary>
    private static MemoryJob Probe(ListPlace place, JobState state) => state switch
    {
        JobState.Running => new(place.Sequence, Blank with { StartedAt = Time(place.First) }),
        JobState.Waiting => new(place.Sequence, Blank with { Priority = (int)-place.First, DueAt = Time(place.Second) }),
        JobState.Blocked => new(place.Sequence, Blank with { CreatedAt = Time(place.First) }),
        JobState.Scheduled => new(place.Sequence, Blank with { DueAt = Time(place.First) }),
        _ => new(-place.Sequence, Blank with { FinishedAt = Time(-place.First) }),
    };

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(
        Math.Clamp(milliseconds, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
}
