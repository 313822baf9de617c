namespace Millrace.Redis;

/// <summary>What a server tells about a stream.</summary>
/// <param name="Length">How many entries it has.</param>
/// <param name="LastId">The id of the last entry that was added; <c>0-0</c> when there was none.</param>
/// <param name="Groups">How many consumer groups it has.</param>
/// <param name="Added">How many entries were ever added; null from servers before 7.0.</param>
/// <param name="First">The oldest entry; null when it is empty.</param>
/// <param name="Last">The newest entry; null when it is empty.</param>
public sealed record RedisStreamInfo(long Length, string LastId, long Groups, long? Added, RedisStreamEntry? First, RedisStreamEntry? Last);
