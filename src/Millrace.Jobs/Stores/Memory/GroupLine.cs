namespace Millrace.Jobs.Stores.Memory;

/// <summary>One group of a queue, for as long as it has jobs that are ready or run.</summary>
internal sealed class GroupLine(string name)
{
    public string Name { get; } = name;

    /// <summary>Its waiting jobs in the order in which they are claimed.</summary>
    public SortedSet<MemoryJob> Waiting { get; } = new(MemoryJob.InOrderOfClaim);

    /// <summary>How many of its jobs run.</summary>
    public int Running { get; set; }

    /// <summary>Its place in the ring; 0 when it is out of it.</summary>
    public long Turn { get; set; }

    /// <summary>Out of the ring until then, because its rate is used up; the least time when it is not.</summary>
    public DateTimeOffset RestsUntil { get; set; } = DateTimeOffset.MinValue;
}
