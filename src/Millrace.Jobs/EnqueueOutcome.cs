using System.Collections.ObjectModel;

namespace Millrace.Jobs;

/// <summary>What became of an enqueue.</summary>
public sealed record EnqueueOutcome
{
    /// <summary>The queue that had no room: then nothing of the batch was stored. Null when the batch was stored.</summary>
    public string? FullQueue { get; init; }

    /// <summary>Ids of the batch under which nothing was stored: the queue already held them, they stood twice in the batch, or another job holds
    /// their unique key.</summary>
    public IReadOnlyList<string> Existing { get; init; } = [];

    /// <summary>Of those among <see cref="Existing"/> that a unique key kept out: the id of the job that holds it.</summary>
    public IReadOnlyDictionary<string, string> Holders { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}
