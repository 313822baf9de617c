using System.Collections.Concurrent;

namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>Sessions for reading, kept open with their prepared statements. At most <see cref="MaximumIdle"/> wait; more are closed after use.</summary>
internal sealed class SessionPool(Func<CancellationToken, ValueTask<SqlSession>> open) : IAsyncDisposable
{
    /// <summary>Most sessions that stay open without use.</summary>
    public const int MaximumIdle = 4;

    private readonly ConcurrentQueue<SqlSession> _idle = new();
    private int _idleCount;
    private bool _closed;

    /// <summary>Reads with a session of its own; an error closes the session, because it may be the connection's.</summary>
    public async ValueTask<T> ReadAsync<T>(Func<SqlSession, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_idle.TryDequeue(out var session))
        {
            Interlocked.Decrement(ref _idleCount);
        }
        else
        {
            session = await open(cancellationToken).ConfigureAwait(false);
        }

        T result;
        try
        {
            result = await read(session).ConfigureAwait(false);
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        if (Volatile.Read(ref _closed) || Interlocked.Increment(ref _idleCount) > MaximumIdle)
        {
            Interlocked.Decrement(ref _idleCount);
            await session.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            _idle.Enqueue(session);
        }

        return result;
    }

    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _closed, true);
        while (_idle.TryDequeue(out var session))
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }
    }
}
