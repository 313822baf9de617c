namespace Millrace.Jobs;

/// <summary>The answer to a <see cref="ClaimRequest"/>.</summary>
/// <param name="Jobs">The jobs that now belong to the worker, in the order in which they are to be started.</param>
/// <param name="Finished">The answers to <see cref="ClaimRequest.Finishes"/>, in their order.</param>
public sealed record ClaimResult(IReadOnlyList<ClaimedJob> Jobs, IReadOnlyList<FinishResult> Finished);
