namespace Millrace.Jobs;

/// <summary>A worker says that it lives.</summary>
public sealed record HeartbeatRequest
{
    /// <summary>Who lives.</summary>
    public required WorkerIdentity Worker { get; init; }

    /// <summary>The lease is renewed to last this long from now, by the store's clock.</summary>
    public required TimeSpan Lease { get; init; }

    /// <summary>The claims that the worker believes to hold; may be empty.</summary>
    public required IReadOnlyList<JobRun> Runs { get; init; }
}
