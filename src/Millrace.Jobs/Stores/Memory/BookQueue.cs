namespace Millrace.Jobs.Stores.Memory;

/// <summary>One queue: its pending jobs in order, and how many jobs it has in each state.</summary>
internal sealed class BookQueue
{
    public bool Paused { get; set; }

    /// <summary>Waiting jobs without a group in the order in which they are claimed.</summary>
    public SortedSet<MemoryJob> Waiting { get; } = new(MemoryJob.InOrderOfClaim);

    /// <summary>Those that have one, and how many of a group run.</summary>
    public GroupRing Groups { get; } = new();

    /// <summary>Scheduled jobs, next due first.</summary>
    public SortedSet<MemoryJob> Scheduled { get; } = new(MemoryJob.InOrderOfDue);

    /// <summary>Blocked jobs in order of enqueue.</summary>
    public SortedSet<MemoryJob> Blocked { get; } = new(MemoryJob.InOrderOfCreation);

    /// <summary>Jobs by <see cref="JobState"/>.</summary>
    public long[] Counts { get; } = new long[7];

    /// <summary>Scheduled jobs that have failed before.</summary>
    public long Retrying { get; set; }

    /// <summary>What counts for the queue's length.</summary>
    public int Pending => Waiting.Count + Groups.Waiting + Scheduled.Count + Blocked.Count;

    public long Total => Counts.Sum();
}
