namespace Millrace.Jobs.Stores.Memory;

/// <summary>A unique key that a job holds.</summary>
/// <param name="Id">The job.</param>
/// <param name="Until">How long.</param>
/// <param name="EndsAt">For <see cref="UniqueUntil.Elapsed"/>: when it is free again.</param>
internal sealed record UniqueHold(string Id, UniqueUntil Until, DateTimeOffset EndsAt);
