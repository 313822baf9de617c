namespace Millrace.Redis;

/// <summary>A member that was taken out of one of several sorted sets.</summary>
/// <param name="Key">The sorted set.</param>
/// <param name="Member">The member with its score.</param>
public readonly record struct RedisPoppedScored(RedisKey Key, RedisScored Member);
