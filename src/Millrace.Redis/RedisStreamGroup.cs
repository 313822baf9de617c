namespace Millrace.Redis;

/// <summary>What a server tells about a consumer group.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Consumers">How many consumers it has.</param>
/// <param name="Pending">How many entries were given to consumers and not acknowledged.</param>
/// <param name="LastDeliveredId">The id of the last entry that was given.</param>
/// <param name="Lag">How many entries wait to be given; null when the server cannot tell, or is older than 7.0.</param>
public sealed record RedisStreamGroup(string Name, long Consumers, long Pending, string LastDeliveredId, long? Lag);
