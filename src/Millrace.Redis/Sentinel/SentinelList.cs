namespace Millrace.Redis.Sentinel;

/// <summary>
/// The Sentinels that are known: the configured ones, and those that the last answer named; at most
/// <see cref="SentinelConnection.MaximumServers"/>. The one that answered last comes first.
/// </summary>
internal sealed class SentinelList(IEnumerable<RedisEndpoint> configured)
{
    private readonly Lock _lock = new(); // guards _known
    private readonly RedisEndpoint[] _configured = [.. configured];
    private List<RedisEndpoint> _known = [.. configured];

    /// <summary>All of them, in the order in which they are to be asked.</summary>
    public IReadOnlyList<RedisEndpoint> Known
    {
        get
        {
            lock (_lock)
            {
                return _known;
            }
        }
    }

    /// <summary>Takes over what a Sentinel said of the others.</summary>
    public void Learn(RedisEndpoint answered, IReadOnlyList<RedisEndpoint> others)
    {
        lock (_lock)
        {
            // The order stays, so that all are asked in turn; those that no one names any more go.
            RedisEndpoint[] named = [.. _configured, answered, .. others];
            _known = [answered, .. _known.Where(sentinel => sentinel != answered && named.Contains(sentinel))];
            _known.AddRange(others.Where(other => !_known.Contains(other)).Take(Math.Max(0, SentinelConnection.MaximumServers - _known.Count)).ToList());
        }
    }

    /// <summary>Asks one first from now on.</summary>
    public void Prefer(RedisEndpoint sentinel)
    {
        lock (_lock)
        {
            _known = [sentinel, .. _known.Where(other => other != sentinel)];
        }
    }
}
