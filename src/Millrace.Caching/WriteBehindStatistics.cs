namespace Millrace.Caching;

/// <summary>What one write-behind holds, on all nodes, and what this node has done since it started; a snapshot.</summary>
public sealed record WriteBehindStatistics
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Where writes wait: <c>redis</c>, <c>sqlite</c>, <c>postgres</c>, or <c>memory</c>, which is not durable.</summary>
    public required string Store { get; init; }

    /// <summary>Keys with a pending write.</summary>
    public required long Pending { get; init; }

    /// <summary>What the pending writes weigh, in bytes.</summary>
    public required long PendingBytes { get; init; }

    /// <summary>How long the oldest pending write has waited; zero where there is none.</summary>
    public required TimeSpan OldestAge { get; init; }

    /// <summary>Dead writes that are kept.</summary>
    public required long Dead { get; init; }

    /// <summary>Writes that this node has acknowledged.</summary>
    public required long Written { get; init; }

    /// <summary>Of these, writes that took the place of a pending one.</summary>
    public required long Coalesced { get; init; }

    /// <summary>Writes that this node has brought to the source.</summary>
    public required long Flushed { get; init; }

    /// <summary>Calls of the handler on this node.</summary>
    public required long Calls { get; init; }

    /// <summary>Writes that were refused on this node and are tried again, once per refusal.</summary>
    public required long Retried { get; init; }
}
