namespace Millrace.Jobs.Stores.Sql;

/// <summary>A job's row.</summary>
/// <param name="Sequence">Its key: the order of enqueue.</param>
/// <param name="Token">The last claim's fencing token; 0 for none, or void.</param>
/// <param name="Record">The job; its payload is empty when it was not asked for.</param>
internal sealed record SqlJob(long Sequence, long Token, JobRecord Record);
