using System.Collections.Concurrent;

namespace Millrace.Caching.Remote.Redis;

// Leases that this node may have and cannot use: the answer that gave them was lost, or the connection was when they should have been given back. Others
// would wait for them until they end. The link gives them back when it can, within a heartbeat.
//
// Bound: beyond it the oldest are left to end by themselves.
internal sealed class OrphanLeases
{
    private const int Limit = 4096;

    private readonly ConcurrentQueue<(string Key, byte[] Lease)> _leases = new();

    public void Add(string key, byte[] lease)
    {
        _leases.Enqueue((key, lease));
        while (_leases.Count > Limit)
        {
            _leases.TryDequeue(out _);
        }
    }

    /// <summary>Gives all back. What fails stays.</summary>
    public async ValueTask ReleaseAsync(Func<string, byte[], ValueTask> release)
    {
        for (var left = _leases.Count; left > 0 && _leases.TryPeek(out var orphan); left--)
        {
            await release(orphan.Key, orphan.Lease).ConfigureAwait(false);
            _leases.TryDequeue(out _);
        }
    }
}
