namespace Millrace.Jobs;

/// <summary>What became of an enqueue.</summary>
public sealed record EnqueueOutcome
{
    /// <summary>The queue that had no room: then nothing of the batch was stored. Null when the batch was stored.</summary>
    public string? FullQueue { get; init; }

    /// <summary>Ids that the store already held, or that stood twice in the batch; those jobs were left as they were.</summary>
    public IReadOnlyList<string> Existing { get; init; } = [];
}
