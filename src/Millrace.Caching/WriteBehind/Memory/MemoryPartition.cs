namespace Millrace.Caching.WriteBehind.Memory;

/// <summary>One partition; everything is guarded by its lock.</summary>
internal sealed class MemoryPartition
{
    private readonly SortedSet<MemoryWrite> _line = new(Comparer<MemoryWrite>.Create(static (a, b) =>
        a.Due.CompareTo(b.Due) is not 0 and var order ? order : string.CompareOrdinal(a.Write.Key, b.Write.Key)));

    public Lock Lock { get; } = new();

    public Dictionary<string, MemoryWrite> Pending { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, DeadRecord> Dead { get; } = new(StringComparer.Ordinal);

    public long Bytes { get; private set; }

    public long Sequence { get; set; }

    public string? Owner { get; set; }

    public long Fence { get; set; }

    public DateTimeOffset Until { get; set; }

    public bool IsOwnedBy(string owner, long fence) => Owner == owner && Fence == fence;

    public IEnumerable<MemoryWrite> Line() => _line;

    public void Add(MemoryWrite write)
    {
        Pending.Add(write.Write.Key, write);
        _line.Add(write);
        Bytes += write.Weight;
    }

    public void Remove(MemoryWrite write)
    {
        Pending.Remove(write.Write.Key);
        _line.Remove(write);
        Bytes -= write.Weight;
    }

    public void Move(MemoryWrite old, PendingWrite write, DateTimeOffset due)
    {
        Remove(old);
        Add(old with { Write = write, Due = due });
    }

    public PartitionCounts Counts(DateTimeOffset now)
    {
        var oldest = Pending.Count == 0 ? TimeSpan.Zero : now - Pending.Values.Min(static pending => pending.Write.Since);
        return new PartitionCounts(Pending.Count, Bytes, Dead.Count, oldest > TimeSpan.Zero ? oldest : TimeSpan.Zero);
    }
}
