using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Caching.Locking;
using Millrace.Caching.Tests.Sharing;
using Millrace.Redis;

namespace Millrace.Caching.Tests.Locking;

/// <summary>Nodes that share locks: each with a client of its own, or all with one memory.</summary>
internal sealed class LockNodes : IAsyncDisposable
{
    private readonly List<RedisClient> _clients = [];
    private readonly List<CacheLocks> _locks = [];

    public string Prefix { get; } = SharedServers.Prefix();

    public IReadOnlyList<RedisClient> Clients => _clients;

    public CacheLocks this[int index] => _locks[index];

    public static async Task<LockNodes> StartAsync(SharedServers servers, string store, int count, TimeProvider? time = null)
    {
        var nodes = new LockNodes();
        var shared = new Lazy<MemoryLockStore>(() => new MemoryLockStore(time ?? TimeProvider.System));
        var hub = new HashSet<SharedMemory>();
        for (var i = 0; i < count; i++)
        {
            if (store == SharedServers.Memory)
            {
                nodes._locks.Add(new CacheLocks(new SharedMemory(shared.Value, hub), time ?? TimeProvider.System, NullLogger.Instance));
            }
            else
            {
                nodes.Add(await servers.ConnectAsync(store), time);
            }
        }

        return nodes;
    }

    public static LockNodes On(RedisClient[] clients, TimeProvider? time = null, ILogger? logger = null)
    {
        var nodes = new LockNodes();
        Array.ForEach(clients, client => nodes.Add(client, time, logger));
        return nodes;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var locks in _locks)
        {
            await locks.DisposeAsync();
        }

        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }
    }

    /// <summary>The client of a node goes, as in a crash: nothing is given back.</summary>
    public ValueTask CrashAsync(int index) => _clients[index].DisposeAsync();

    private void Add(RedisClient client, TimeProvider? time, ILogger? logger = null)
    {
        _clients.Add(client);
        _locks.Add(CacheLocks.InRedis(client, Prefix, time, logger));
    }

    /// <summary>One node's view of a memory that several share: releases are told to all.</summary>
    private sealed class SharedMemory : LockStore
    {
        private readonly MemoryLockStore _store;
        private readonly HashSet<SharedMemory> _all;

        public SharedMemory(MemoryLockStore store, HashSet<SharedMemory> all)
        {
            (_store, _all) = (store, all);
            _all.Add(this);
            _store.Released = name =>
            {
                foreach (var one in all)
                {
                    one.TellReleased(name);
                }
            };
        }

        public override ValueTask<LockAnswer> AcquireAsync(string name, string owner, TimeSpan lease, bool isWaiting, CancellationToken cancellationToken) =>
            _store.AcquireAsync(name, owner, lease, isWaiting, cancellationToken);

        public override ValueTask<bool> RenewAsync(string name, string owner, TimeSpan lease, CancellationToken cancellationToken) =>
            _store.RenewAsync(name, owner, lease, cancellationToken);

        public override ValueTask<bool> ReleaseAsync(string name, string owner, CancellationToken cancellationToken) =>
            _store.ReleaseAsync(name, owner, cancellationToken);

        public override ValueTask ListenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
