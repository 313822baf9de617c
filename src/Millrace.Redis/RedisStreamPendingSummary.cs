namespace Millrace.Redis;

/// <summary>The entries of a consumer group that were given and not acknowledged.</summary>
/// <param name="Count">How many.</param>
/// <param name="FirstId">The least id; null when there are none.</param>
/// <param name="LastId">The greatest id; null when there are none.</param>
/// <param name="Consumers">How many each consumer has, for those that have some.</param>
public sealed record RedisStreamPendingSummary(long Count, string? FirstId, string? LastId, IReadOnlyDictionary<string, long> Consumers);
