namespace Millrace.Jobs.Stores.Memory;

/// <summary>One stored job. Changed only by <see cref="JobBook.Change"/>, under the store's lock.</summary>
internal sealed class MemoryJob(long sequence, JobRecord record, JobUniqueness? unique = null, MemoryWait? wait = null)
{
    /// <summary>The unique key that it holds, or held.</summary>
    public JobUniqueness? Unique { get; } = unique;

    /// <summary>What it waits for, or waited for; null when it never did.</summary>
    public MemoryWait? Wait { get; } = wait;

    /// <summary>The jobs that wait for it, or waited for it.</summary>
    public HashSet<JobAddress> Before { get; } = [];

    /// <summary>What it has logged.</summary>
    public Queue<JobLogLine> Log { get; } = [];

    /// <summary>The order of enqueue.</summary>
    public long Sequence { get; } = sequence;

    /// <summary>The last claim's fencing token; 0 before the first, and after the job was taken from its worker.</summary>
    public long Token { get; set; }

    public JobRecord Record { get; set; } = record;

    public static IComparer<MemoryJob> InOrderOfEnqueue { get; } = Comparer<MemoryJob>.Create(static (a, b) => a.Sequence.CompareTo(b.Sequence));

    public static IComparer<MemoryJob> InOrderOfCreation { get; } = Comparer<MemoryJob>.Create(static (a, b) =>
        a.Record.CreatedAt != b.Record.CreatedAt ? a.Record.CreatedAt.CompareTo(b.Record.CreatedAt) : a.Sequence.CompareTo(b.Sequence));

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
