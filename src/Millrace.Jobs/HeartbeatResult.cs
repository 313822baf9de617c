namespace Millrace.Jobs;

/// <summary>What a worker learns about its claims.</summary>
/// <param name="CancelRequested">Jobs among the given claims that are still the worker's own and whose cancellation was requested.</param>
/// <param name="Lost">Jobs among the given claims that are no longer running under that token: swept, claimed by another, finished or removed.</param>
public sealed record HeartbeatResult(IReadOnlyList<string> CancelRequested, IReadOnlyList<string> Lost);
