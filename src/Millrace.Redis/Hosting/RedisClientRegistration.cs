namespace Millrace.Redis.Hosting;

/// <summary>A client that was registered.</summary>
/// <param name="Name">The name of its options, and its key; empty for the default one, which has none.</param>
internal sealed record RedisClientRegistration(string Name);
