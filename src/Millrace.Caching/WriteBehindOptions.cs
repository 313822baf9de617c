namespace Millrace.Caching;

/// <summary>
/// How one write-behind waits, flushes and gives up. Checked when it is registered; what the section <c>Millrace:Cache:WriteBehind:NAME</c> of the
/// configuration says instead (<c>Millrace:Cache:Caches:CACHE:WriteBehind:NAME</c> for a named cache), when the application starts.
/// </summary>
public sealed record WriteBehindOptions
{
    /// <summary>How long the first write of a key waits for others to take its place or to go with it. From 0 to 1 h; default 200 ms.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The most writes, each of another key, that the handler gets in one call. From 1 to 1,000; default 100. What was refused before goes in smaller groups, at last alone.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>The most calls of the handler at once on this node. From 1 to 16, which is the number of partitions; default 4.</summary>
    public int MaximumConcurrency { get; init; } = 4;

    /// <summary>How often a write is tried before it is dead. From 1 to 1,000; default 10.</summary>
    public int MaximumAttempts { get; init; } = 10;

    /// <summary>How long a refused write waits before its second attempt; doubled with each, a fifth more or less by chance. From 1 ms to 1 h; default 500 ms.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait between two attempts. From <see cref="FirstRetryDelay"/> to 24 h; default 1 min.</summary>
    public TimeSpan LongestRetryDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>After how long a call of the handler is cancelled and counts as refused. From 100 ms to 1 h; default 30 s.</summary>
    public TimeSpan HandlerTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most keys with a pending write, a sixteenth in each partition. From 16 to 10 million; default 100,000.</summary>
    public int MaximumPending { get; init; } = 100_000;

    /// <summary>The most bytes that pending writes may weigh, keys and 128 bytes each included; a sixteenth in each partition. From 1 MiB to 64 GiB; default 64 MiB.</summary>
    public long MaximumPendingBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>The most bytes that one serialized value may have; a larger one is refused with an <see cref="ArgumentException"/>. From 64 to 64 MiB; default 1 MiB.</summary>
    public int MaximumValueBytes { get; init; } = 1024 * 1024;

    /// <summary>The most dead writes that are kept, a sixteenth in each partition. From 16 to 1 million; default 10,000. At the limit a write that should die stays pending and is tried again.</summary>
    public int MaximumDead { get; init; } = 10_000;

    /// <summary>How long a write waits for room where there is none, before it is refused with a <see cref="WriteBehindFullException"/>. From 0 to 10 min; default 5 s.</summary>
    public TimeSpan FullTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After how long without a word from its owner a partition goes to another node. From 1 s to 10 min; default 15 s.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long pending writes are flushed when the host stops; what is left then stays where it is. From 0 to 10 min; default 10 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
