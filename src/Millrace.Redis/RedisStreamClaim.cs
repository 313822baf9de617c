namespace Millrace.Redis;

/// <summary>What one step through the pending entries of a consumer group gave over to a consumer.</summary>
/// <param name="Next">Where the next step starts; <c>0-0</c>: all have been seen.</param>
/// <param name="Entries">The entries that the consumer has now.</param>
/// <param name="Deleted">Ids that were pending, though their entries are gone: no longer pending. Servers before 7.0 send none.</param>
public sealed record RedisStreamClaim(string Next, RedisStreamEntry[] Entries, string[] Deleted);
