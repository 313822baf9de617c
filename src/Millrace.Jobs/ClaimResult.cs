using System.Collections.ObjectModel;

namespace Millrace.Jobs;

/// <summary>The answer to a <see cref="ClaimRequest"/>.</summary>
/// <param name="Jobs">The jobs that now belong to the worker, in the order in which they are to be started.</param>
/// <param name="Finished">The answers to <see cref="ClaimRequest.Finishes"/>, in their order.</param>
public sealed record ClaimResult(IReadOnlyList<ClaimedJob> Jobs, IReadOnlyList<FinishResult> Finished)
{
    /// <summary>The queues that could not be asked because the server that holds them is away, each with what it failed with: nothing was claimed from them, the worker's lease
    /// over them was not renewed, and ends of their jobs are <see cref="FinishStatus.Unanswered"/>. Always empty where all queues lie on one server or in one file.</summary>
    public IReadOnlyDictionary<string, Exception> Unavailable { get; init; } = ReadOnlyDictionary<string, Exception>.Empty;
}
