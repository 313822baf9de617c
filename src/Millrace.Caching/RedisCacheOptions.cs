namespace Millrace.Caching;

/// <summary>How a cache uses Redis. Bound from <c>Millrace:Cache:Redis</c> (a named cache: <c>Millrace:Cache:Caches:NAME:Redis</c>); checked when the host starts.</summary>
public sealed class RedisCacheOptions
{
    /// <summary>
    /// The longest that a read waits for Redis before it goes on to its source. From 10 ms to 1 minute; default 500 ms. Measured in steps of about
    /// 50 ms.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long this process may serve its copies as fresh without having heard from Redis. From 300 ms to 1 minute; default 3 s. It is renewed
    /// three times as often. A confirmed invalidation waits so long at most for a node that is silent.
    /// </summary>
    public TimeSpan TrustDuration { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long one reader may be at the source before another one may go there too. From 100 ms to 10 minutes; default 10 s. So long others wait
    /// for a process that died there.
    /// </summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How many keys of a server are looked at in a second, of all processes together, to remove what tags, patterns and everything have made invalid
    /// and what would stay until it expires. That goes on in the background, and only after something was invalidated so. Keys per second, of each
    /// server; from 0 to 1 million; 0: never. Default 1,000.
    /// </summary>
    public int SweepKeysPerSecond { get; set; } = 1000;

    /// <summary>
    /// Independent servers that share the cache's keys among them: a name for each, and how to reach it (<see cref="Millrace.Redis.RedisOptions.Parse"/>; one
    /// server, Sentinel or a cluster). Keys are given to names, so a server may move to another address without moving keys. From 1 to 64, or empty, the
    /// default: one server, that of the default Redis client. Names have 1 to 64 letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, whatever their case. Carries
    /// secrets.
    /// </summary>
    public IDictionary<string, string> Partitions { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
}
