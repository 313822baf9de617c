using System.Collections.Concurrent;
using Millrace.Redis.Connection;

namespace Millrace.Redis.Cluster;

/// <summary>The nodes of a cluster that commands have gone to, each with its connections, made when it is first asked for. Thread-safe.</summary>
/// <param name="context">The client's.</param>
/// <param name="takeOver">Takes what a node that left has not sent.</param>
internal sealed class ClusterNodes(ClientContext context, Action<RedisOperation> takeOver) : IAsyncDisposable
{
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new(); // guards the adding and removing of nodes, _isDisposed and _retiring
    private readonly ConcurrentDictionary<RedisEndpoint, ServerNode> _nodes = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _retiring = [];
    private bool _isDisposed;

    /// <summary>All that there are now.</summary>
    public ICollection<ServerNode> All => _nodes.Values;

    /// <summary>A node that there is already.</summary>
    public ServerNode? Find(RedisEndpoint endpoint) => _nodes.GetValueOrDefault(endpoint);

    /// <summary>A node; begins to connect when it is new.</summary>
    public ServerNode Get(RedisEndpoint endpoint)
    {
        if (_nodes.TryGetValue(endpoint, out var known))
        {
            return known;
        }

        lock (_lock)
        {
            if (_nodes.TryGetValue(endpoint, out known))
            {
                return known;
            }

            var node = new ServerNode(endpoint, context);
            if (_isDisposed)
            {
                // Its links refuse what is sent.
                _retiring.Add(node.DisposeAsync().AsTask());
                return node;
            }

            node.Start();
            return _nodes[endpoint] = node;
        }
    }

    /// <summary>Ends the nodes that are not among those that stay.</summary>
    public void RetireOthers(HashSet<RedisEndpoint> staying)
    {
        lock (_lock)
        {
            _retiring.RemoveAll(static task => task.IsCompleted);
            foreach (var (endpoint, node) in _nodes)
            {
                if (!staying.Contains(endpoint) && _nodes.TryRemove(endpoint, out _))
                {
                    _retiring.Add(Task.Run(() => node.RetireAsync(takeOver, Drain, _stopping.Token)));
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<Task> ending;
        lock (_lock)
        {
            _isDisposed = true;
            ending = [.. _retiring, .. _nodes.Values.Select(static node => node.DisposeAsync().AsTask())];
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(ending).ConfigureAwait(false);
        _stopping.Dispose();
    }
}
