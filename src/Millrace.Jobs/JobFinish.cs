namespace Millrace.Jobs;

/// <summary>The end of one claim.</summary>
public sealed record JobFinish
{
    /// <summary>The claim that ends.</summary>
    public required JobRun Run { get; init; }

    /// <summary>How it ends.</summary>
    public required FinishKind Kind { get; init; }

    /// <summary>For <see cref="FinishKind.Retry"/> and <see cref="FinishKind.Snoozed"/>: how long to wait, by the store's clock. Zero or more.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>For <see cref="FinishKind.Retry"/> and <see cref="FinishKind.Dead"/>: what went wrong, scrubbed and cut to <see cref="JobLimits.MaximumErrorLength"/>.</summary>
    public string? Error { get; init; }

    /// <summary>For <see cref="FinishKind.Completed"/>: the job is removed at once instead of kept. A repeated finish is then
    /// <see cref="FinishStatus.Stale"/>, because nothing is left to recognise it by. Default false.</summary>
    public bool Remove { get; init; }

    /// <summary>For <see cref="FinishKind.Completed"/>: the result as UTF-8 JSON; null for none.</summary>
    public ReadOnlyMemory<byte>? Result { get; init; }
}
