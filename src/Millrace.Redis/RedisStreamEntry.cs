namespace Millrace.Redis;

/// <summary>An entry of a stream.</summary>
/// <param name="Id">Its id, <c>milliseconds-number</c>.</param>
/// <param name="Fields">Its fields in the order they were added. Empty: the entry has been deleted while it was pending.</param>
public readonly record struct RedisStreamEntry(string Id, RedisField[] Fields);
