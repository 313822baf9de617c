namespace Millrace.AspNetCore.Overviews;

/// <summary>One point of the history. Hits, misses and the like are counts within the interval that ends at <see cref="At"/>.</summary>
/// <remarks>Job figures are null while the store does not answer: a gap is shown as a gap.</remarks>
internal sealed record Sample
{
    /// <summary>Counts up by one per sample since the process started.</summary>
    public required long Sequence { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Of all caches but the output cache.</summary>
    public required long Hits { get; init; }

    public required long Misses { get; init; }

    public required long PageHits { get; init; }

    public required long PageMisses { get; init; }

    public required long Entries { get; init; }

    public required long SizeBytes { get; init; }

    public required long? Waiting { get; init; }

    public required long? Running { get; init; }

    public required long? Dead { get; init; }

    /// <summary>Attempts of this process that ended well.</summary>
    public required long Completed { get; init; }

    /// <summary>Attempts of this process that failed.</summary>
    public required long Failed { get; init; }

    public required int Connections { get; init; }

    public required long Deliveries { get; init; }
}
