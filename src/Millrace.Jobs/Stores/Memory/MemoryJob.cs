namespace Millrace.Jobs.Stores.Memory;

/// <summary>One stored job. Changed only by <see cref="JobBook.Change"/>, under the store's lock.</summary>
internal sealed class MemoryJob(long sequence, JobRecord record, JobUniqueness? unique = null)
{
    /// <summary>The unique key that it holds, or held.</summary>
    public JobUniqueness? Unique { get; } = unique;

    /// <summary>The order of enqueue.</summary>
    public long Sequence { get; } = sequence;

    /// <summary>The last claim's fencing token; 0 before the first, and after the job was taken from its worker.</summary>
    public long Token { get; set; }

    public JobRecord Record { get; set; } = record;

    public static IComparer<MemoryJob> InOrderOfEnqueue { get; } = Comparer<MemoryJob>.Create(static (a, b) => a.Sequence.CompareTo(b.Sequence));

    public static IComparer<MemoryJob> InOrderOfClaim { get; } = Comparer<MemoryJob>.Create(static (a, b) =>
        b.Record.Priority != a.Record.Priority ? b.Record.Priority.CompareTo(a.Record.Priority)
        : a.Record.DueAt != b.Record.DueAt ? a.Record.DueAt.CompareTo(b.Record.DueAt)
        : a.Sequence.CompareTo(b.Sequence));

    public static IComparer<MemoryJob> InOrderOfDue { get; } = Comparer<MemoryJob>.Create(static (a, b) =>
        a.Record.DueAt != b.Record.DueAt ? a.Record.DueAt.CompareTo(b.Record.DueAt) : a.Sequence.CompareTo(b.Sequence));

    public static IComparer<MemoryJob> InOrderOfStart { get; } = Comparer<MemoryJob>.Create(static (a, b) =>
        a.Record.StartedAt != b.Record.StartedAt ? Nullable.Compare(a.Record.StartedAt, b.Record.StartedAt) : a.Sequence.CompareTo(b.Sequence));

    public static IComparer<MemoryJob> InOrderOfEnd { get; } = Comparer<MemoryJob>.Create(static (a, b) =>
        a.Record.FinishedAt != b.Record.FinishedAt ? Nullable.Compare(a.Record.FinishedAt, b.Record.FinishedAt) : a.Sequence.CompareTo(b.Sequence));
}
