using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis.Sweeping;

/// <summary>What a sweep reads of an entry.</summary>
/// <param name="Key">The cache's key.</param>
/// <param name="Name">The key in Redis.</param>
/// <param name="Stamp">Its stamp.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="Mark">What tells it from every other: its beginning, up to its checksum.</param>
internal sealed record SweptEntry(string Key, RedisKey Name, long Stamp, string[] Tags, ReadOnlyMemory<byte> Mark);
