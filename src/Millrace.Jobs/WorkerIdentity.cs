namespace Millrace.Jobs;

/// <summary>Who claims: one running worker of one process. A restarted process is a new worker with a new id.</summary>
/// <param name="Id">Unique in time and space: a restart never takes an old id again.</param>
/// <param name="Host">The machine it runs on.</param>
/// <param name="ProcessId">Its process there.</param>
/// <param name="Queues">The queues it serves.</param>
public sealed record WorkerIdentity(string Id, string Host, int ProcessId, IReadOnlyList<string> Queues);
