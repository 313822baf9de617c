namespace Millrace.TestKit.Redis;

/// <summary>An error reply to <see cref="RedisControl" />, in the server's words.</summary>
public sealed class RedisControlException(string message) : Exception(message);
