namespace Millrace.Redis.Sentinel;

/// <summary>What one Sentinel says of the service.</summary>
/// <param name="Sentinel">Who says it.</param>
/// <param name="Primary">The primary; null: it watches no service of that name.</param>
/// <param name="Epoch">The configuration that made it the primary: the higher, the later. -1: not told.</param>
/// <param name="Sentinels">The other Sentinels.</param>
/// <param name="Replicas">The replicas that it can reach; empty when they were not asked for.</param>
/// <param name="Services">What it watches; empty when the service is known.</param>
internal sealed record SentinelAnswer(
    RedisEndpoint Sentinel,
    RedisEndpoint? Primary,
    long Epoch,
    IReadOnlyList<RedisEndpoint> Sentinels,
    IReadOnlyList<RedisEndpoint> Replicas,
    IReadOnlyList<string> Services);
