namespace Millrace.Jobs.Stores.Memory;

/// <summary>The groups of one queue, which take turns: the one that was served goes behind all others. Not thread-safe: its store's lock guards it.</summary>
/// <remarks>
/// <para>This is start-time fair queueing (Goyal, Vin and Cheng, 1996) where every job costs the same, which makes the tags a counter: <see cref="GroupLine.Turn"/>.
/// A group that becomes ready goes behind all that are, so it waits for at most one start of each other, and being idle earns it nothing. So there is
/// nothing to remember of an idle group.</para>
/// <para>In the ring is a group that has waiting jobs and was not found to be at a limit. One at its limit leaves the ring when its turn comes, and comes back
/// when one of its jobs ends, or when its rate allows the next start: however many jobs it has, they are not looked at meanwhile.</para>
/// <para>The jobs without a group are one more party, whose place is kept here while there are groups beside it.</para>
/// </remarks>
internal sealed class GroupRing
{
    private readonly Dictionary<string, GroupLine> _groups = new(StringComparer.Ordinal);
    private readonly SortedSet<GroupLine> _ring = new(Comparer<GroupLine>.Create(static (a, b) => a.Turn.CompareTo(b.Turn)));
    private readonly SortedSet<GroupLine> _resting = new(Comparer<GroupLine>.Create(static (a, b) =>
        a.RestsUntil != b.RestsUntil ? a.RestsUntil.CompareTo(b.RestsUntil) : string.CompareOrdinal(a.Name, b.Name)));

    private long _lastTurn;
    private long _turnOfOthers; // of the jobs without a group

    /// <summary>How many jobs of groups wait.</summary>
    public int Waiting { get; private set; }

    /// <summary>How many groups it knows of.</summary>
    public int Count => _groups.Count;

    /// <summary>Whether any group is in the ring.</summary>
    public bool IsOpen => _ring.Count > 0;

    /// <summary>When the next group comes back whose rate was used up; null for none.</summary>
    public DateTimeOffset? NextAt => _resting.Min?.RestsUntil;

    /// <summary>The lines of waiting jobs, one of each group.</summary>
    public IEnumerable<SortedSet<MemoryJob>> Lines => _groups.Values.Select(static group => group.Waiting);

    public void AddWaiting(MemoryJob job)
    {
        var name = job.Record.Group!;
        if (!_groups.TryGetValue(name, out var group))
        {
            _groups.Add(name, group = new GroupLine(name));
        }

        group.Waiting.Add(job);
        Waiting++;
        Enter(group);
    }

    public void RemoveWaiting(MemoryJob job)
    {
        var group = _groups[job.Record.Group!];
        group.Waiting.Remove(job);
        Waiting--;
        if (group.Waiting.Count == 0)
        {
            Leave(group);
            if (_resting.Remove(group))
            {
                group.RestsUntil = DateTimeOffset.MinValue;
            }

            Forget(group);
        }
    }

    public void AddRunning(string name)
    {
        if (!_groups.TryGetValue(name, out var group))
        {
            _groups.Add(name, group = new GroupLine(name));
        }

        group.Running++;
    }

    public void RemoveRunning(string name)
    {
        var group = _groups[name];
        group.Running--;
        Enter(group);
        Forget(group);
    }

    /// <summary>The next job to claim of the queue: of the party whose turn it is, its first; null when no party has one that may start.</summary>
    /// <param name="others">The waiting jobs without a group.</param>
    /// <param name="limits">The limits of groups.</param>
    /// <param name="buckets">What the rate of groups has to remember; a token of the job's group is taken.</param>
    /// <param name="now">The time.</param>
    public MemoryJob? Next(SortedSet<MemoryJob> others, QueueCapacity limits, GroupBuckets buckets, DateTimeOffset now)
    {
        while (_resting.Min is { } rested && rested.RestsUntil <= now)
        {
            _resting.Remove(rested);
            rested.RestsUntil = DateTimeOffset.MinValue;
            Enter(rested);
        }

        while (_ring.Min is { } group)
        {
            if (others.Min is { } other && _turnOfOthers < group.Turn)
            {
                _turnOfOthers = ++_lastTurn;
                return other;
            }

            Leave(group);
            if (group.Running >= limits.GroupMaximumRunning)
            {
                continue;
            }

            if (limits.GroupRate is { } rate && !buckets.TryTake(group.Name, rate, now, out var next))
            {
                group.RestsUntil = next;
                _resting.Add(group);
                continue;
            }

            Enter(group);
            return group.Waiting.Min;
        }

        return others.Min;
    }

    private void Enter(GroupLine group)
    {
        if (group.Turn == 0 && group.Waiting.Count > 0 && group.RestsUntil == DateTimeOffset.MinValue)
        {
            group.Turn = ++_lastTurn;
            _ring.Add(group);
        }
    }

    private void Leave(GroupLine group)
    {
        if (group.Turn > 0)
        {
            _ring.Remove(group);
            group.Turn = 0;
        }
    }

    private void Forget(GroupLine group)
    {
        if (group is { Waiting.Count: 0, Running: 0 })
        {
            _groups.Remove(group.Name);
        }
    }
}
