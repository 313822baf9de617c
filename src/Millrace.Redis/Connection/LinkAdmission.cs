namespace Millrace.Redis.Connection;

/// <summary>Looks at a server's greeting before commands go to it.</summary>
/// <param name="endpoint">The server.</param>
/// <param name="greeting">What it says of itself.</param>
/// <param name="cancellationToken">Cancelled when the link ends.</param>
/// <exception cref="RedisException">It may not be used; the link closes the connection and tries again later.</exception>
internal delegate ValueTask LinkAdmission(RedisEndpoint endpoint, ServerGreeting greeting, CancellationToken cancellationToken);
