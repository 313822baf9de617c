namespace Millrace.Load;

/// <summary>What one replay saw.</summary>
internal sealed record ReplayResult
{
    public required int Requests { get; init; }

    /// <summary>Answers of 500 and above, and requests without an answer.</summary>
    public required int Errors { get; init; }

    /// <summary>Answers of 400–499: the log's own dead links among them.</summary>
    public required int ClientErrors { get; init; }

    public required double Seconds { get; init; }

    /// <summary>How far behind its schedule the generator ever was, in milliseconds.</summary>
    public required double LagMilliseconds { get; init; }

    public required double P50Milliseconds { get; init; }

    public required double P99Milliseconds { get; init; }

    /// <summary>Hits among the cache's reads, 0–1; 0 when the cache is off.</summary>
    public double HitRate { get; init; }

    public double OutputHitRate { get; init; }

    public double QueriesPerRequest { get; init; }
}
