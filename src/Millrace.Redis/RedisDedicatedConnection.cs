using Millrace.Redis.Commands;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

/// <summary>
/// A connection that its caller has to itself until it is disposed, made by <see cref="RedisClient.LeaseAsync(CancellationToken)"/>. It takes
/// all commands but those whose answers nobody would read (subscriptions, <c>MONITOR</c>); they run in the order of the calls. It does not come
/// back when it is lost: its commands fail, and another one is to be leased.
/// </summary>
/// <remarks>
/// <para>Disposed, it is lent to the next caller if it is as it was: all commands answered, nothing watched, no command given by name that
/// changes a connection's state (<c>SELECT</c>, <c>WATCH</c>, <c>MULTI</c>, <c>CLIENT TRACKING</c>). Otherwise it is closed.</para>
/// <para>A command that may wait in the server (<c>BLPOP</c>, <c>XREAD</c>, <c>WAIT</c>) has no time-out here but its own: cancel it by its token, which gives up
/// the connection too. In a cluster it does not follow keys to other nodes: the server's <c>MOVED</c> is thrown.</para>
/// <para>Safe for concurrent use, as far as the callers' commands do not disturb each other; the disposal is to be the last call.</para>
/// </remarks>
public sealed class RedisDedicatedConnection : RedisCommands, IAsyncDisposable
{
    private static readonly CommandName WatchName = CommandName.Write("WATCH");
    private static readonly CommandName UnwatchName = CommandName.Write("UNWATCH");

    private readonly RedisClient _client;
    private readonly DedicatedPool _pool;
    private readonly DedicatedConnection _connection;
    private int _isDisposed;

    internal RedisDedicatedConnection(RedisClient client, DedicatedPool pool, DedicatedConnection connection)
    {
        _client = client;
        _pool = pool;
        _connection = connection;
    }

    /// <summary>Whether keys are watched: a transaction of this connection will not run if one of them changes before it.</summary>
    public bool IsWatching { get; internal set; }

    /// <summary>The connection.</summary>
    internal DedicatedConnection Connection => _connection;

    /// <summary>
    /// Watches keys (<c>WATCH</c>): if one of them is changed by anybody before <see cref="RedisTransaction.ExecuteAsync(CancellationToken)"/> of a
    /// <see cref="CreateTransaction"/>, that transaction does not run. Read the values it depends on after this call has been answered.
    /// </summary>
    /// <param name="keys">The keys, at least one; in a cluster all in one slot.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">There is no key.</exception>
    /// <exception cref="RedisException">It was not answered.</exception>
    public ValueTask<bool> WatchAsync(ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken = default)
    {
        if (keys.IsEmpty)
        {
            throw new ArgumentException("Give at least one key to watch.", nameof(keys));
        }

        var arguments = new RedisArgument[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            arguments[i] = keys[i];
        }

        IsWatching = true;
        return SendAsync(WatchName, static (ref RespReader reader, RedisOperation _) => reader.ReadBoolean(), cancellationToken, arguments);
    }

    /// <summary>Watches nothing any more (<c>UNWATCH</c>).</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RedisException">It was not answered.</exception>
    public async ValueTask<bool> UnwatchAsync(CancellationToken cancellationToken = default)
    {
        var isDone = await SendAsync(UnwatchName, static (ref RespReader reader, RedisOperation _) => reader.ReadBoolean(), cancellationToken, [])
            .ConfigureAwait(false);
        IsWatching = false;
        return isDone;
    }

    /// <summary>Makes an empty transaction, which runs on this connection and does not run if a watched key has changed.</summary>
    public RedisTransaction CreateTransaction() => new(_client, this);

    /// <summary>Gives the connection back.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _connection.IsTainted |= IsWatching;
            _pool.Return(_connection);
        }

        return default;
    }

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);

    private protected override CommandScope Scope => CommandScope.Dedicated;

    private protected override SlotUse SlotUse => _client.Topology.SlotUse;

    private protected override bool SplitsKeys => false; // it is a connection to one server

    private protected override void OnStateful() => _connection.IsTainted = true;

    private protected override ValueTask<T> SendAsync<T>(RedisOperation<T> operation, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        operation.Deadline = CommandRules.MayBlock(operation.Name) ? long.MaxValue : _client.Deadline();
        _client.Measure(operation);
        operation.WatchCancellation(cancellationToken);
        var task = operation.Task;
        if (operation.IsPending && !_connection.TrySend(operation)) // else the token was cancelled already
        {
            operation.Fail(_connection.Refusal(operation));
        }

        return task;
    }
}
