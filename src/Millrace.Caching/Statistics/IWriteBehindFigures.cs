namespace Millrace.Caching.Statistics;

/// <summary>The figures of one write-behind on this node.</summary>
internal interface IWriteBehindFigures
{
    long Written { get; }

    long Coalesced { get; }

    long Flushed { get; }

    long Retried { get; }

    /// <summary>Of the partitions that this node owns.</summary>
    long Pending { get; }

    /// <inheritdoc cref="Pending" />
    long Dead { get; }

    /// <inheritdoc cref="Pending" />
    TimeSpan OldestAge { get; }
}
