namespace Millrace.Redis;

/// <summary>An entry that a consumer was given and has not acknowledged.</summary>
/// <param name="Id">The entry's id.</param>
/// <param name="Consumer">Who has it.</param>
/// <param name="Idle">How long ago it was given.</param>
/// <param name="Deliveries">How often it was given; from 1.</param>
public readonly record struct RedisStreamPending(string Id, string Consumer, TimeSpan Idle, long Deliveries);
