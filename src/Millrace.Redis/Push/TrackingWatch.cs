using System.Buffers;
using System.Collections.Concurrent;
using System.Numerics;
using Microsoft.Extensions.Logging;
using Millrace.Redis.Connection;

namespace Millrace.Redis.Push;

/// <summary>Passes invalidations, and the loss and the return of connections, to the handlers, in the order in which they happen on each connection.</summary>
internal sealed class TrackingWatch(ILogger logger) : ILinkObserver
{
    private readonly Lock _lock = new(); // guards the writing of _handlers and of _tracked, and the calls that tell of trust
    private readonly ConcurrentDictionary<ServerLink, RedisTrackedConnection> _tracked = new();
    private RedisInvalidationHandler[] _handlers = []; // replaced as a whole
    private long _connections;
    private long _faults;

    /// <summary>Calls of handlers that threw.</summary>
    public long Faults => Interlocked.Read(ref _faults);

    /// <summary>Adds a handler, and tells it of the connections that track.</summary>
    /// <returns>Removes it.</returns>
    public IDisposable Add(RedisInvalidationHandler handler)
    {
        lock (_lock)
        {
            Volatile.Write(ref _handlers, [.. _handlers, handler]);
            foreach (var (_, connection) in _tracked)
            {
                Tell(handler, connection, isTrusted: true);
            }
        }

        return new Registration(this, handler);
    }

    public void OnConnected(ServerLink link, ServerGreeting greeting)
    {
        lock (_lock)
        {
            var connection = new RedisTrackedConnection(link.Server, ++_connections, greeting.IsTracked);
            _tracked[link] = connection;
            Array.ForEach(_handlers, handler => Tell(handler, connection, isTrusted: true));
        }
    }

    public void OnConnectFailed(ServerLink link, Exception error)
    {
        // Trust was lost when the connection was.
    }

    public void OnDisconnected(ServerLink link, Exception reason)
    {
        lock (_lock)
        {
            if (_tracked.TryRemove(link, out var connection))
            {
                Array.ForEach(_handlers, handler => Tell(handler, connection, isTrusted: false));
            }
        }
    }

    public void OnPush(ServerLink link, ref RespReader push)
    {
        var handlers = Volatile.Read(ref _handlers);
        if (handlers.Length == 0 || push.ReadAggregateHeader() < 2 || !push.TryReadContent(out var kind) || !IsInvalidate(kind))
        {
            return;
        }

        var keys = push.ReadAggregateHeader();
        if (keys < 0)
        {
            TellAll(handlers, link);
            return;
        }

        for (; keys > 0; keys--)
        {
            push.TryReadContent(out var key);
            TellKey(handlers, link, key.IsSingleSegment ? key.FirstSpan : key.ToArray());
        }
    }

    /// <summary>A command is sent whose keys no server will remember: they are told as changed. Its other arguments are too, which does no harm.</summary>
    public void OnUntracked(RedisOperation operation)
    {
        var handlers = Volatile.Read(ref _handlers);
        var reader = new RespReader(new ReadOnlySequence<byte>(operation.Encoded.ToArray()));
        for (var words = reader.ReadAggregateHeader(); handlers.Length > 0 && words > 0; words--)
        {
            TellKey(handlers, link: null, reader.ReadBytes());
        }
    }

    private static bool IsInvalidate(in ReadOnlySequence<byte> kind) =>
        kind.IsSingleSegment ? kind.FirstSpan.SequenceEqual("invalidate"u8) : kind.ToArray().AsSpan().SequenceEqual("invalidate"u8);

    private void TellKey(RedisInvalidationHandler[] handlers, ServerLink? link, ReadOnlySpan<byte> key)
    {
        foreach (var handler in handlers)
        {
            try
            {
                handler.OnInvalidated(key);
            }
            catch (Exception error)
            {
                OnFault(handler, link, error);
            }
        }
    }

    private void TellAll(RedisInvalidationHandler[] handlers, ServerLink link)
    {
        // Before it is told to be trusted nothing was read on a connection.
        if (!_tracked.TryGetValue(link, out var connection))
        {
            return;
        }

        foreach (var handler in handlers)
        {
            try
            {
                handler.OnAllInvalidated(connection);
            }
            catch (Exception error)
            {
                OnFault(handler, link, error);
            }
        }
    }

    /// <summary>A handler may have missed a change: it is told that nothing it knows from this connection, or from any for null, can be trusted.</summary>
    private void OnFault(RedisInvalidationHandler handler, ServerLink? link, Exception error)
    {
        Count(link?.Server ?? "the cluster", error);
        lock (_lock)
        {
            foreach (var (_, connection) in _tracked.Where(tracked => link is null || tracked.Key == link))
            {
                Tell(handler, connection, isTrusted: false);
                Tell(handler, connection, isTrusted: true);
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private void Tell(RedisInvalidationHandler handler, RedisTrackedConnection connection, bool isTrusted)
    {
        try
        {
            if (isTrusted)
            {
                handler.OnTrustRestored(connection);
            }
            else
            {
                handler.OnTrustLost(connection);
            }
        }
        catch (Exception error)
        {
            Count(connection.Server, error); // there is nobody else to tell
        }
    }

    private void Count(string server, Exception error)
    {
        var number = Interlocked.Increment(ref _faults);
        if (BitOperations.IsPow2(number))
        {
            Log.InvalidationHandlerThrew(logger, server, number, error);
        }
    }

    private void Remove(RedisInvalidationHandler handler)
    {
        lock (_lock)
        {
            var at = Array.IndexOf(_handlers, handler);
            Volatile.Write(ref _handlers, [.. _handlers.Where((_, index) => index != at)]);
        }
    }

    private sealed class Registration(TrackingWatch watch, RedisInvalidationHandler handler) : IDisposable
    {
        private RedisInvalidationHandler? _handler = handler;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _handler, null) is { } registered)
            {
                watch.Remove(registered);
            }
        }
    }
}
