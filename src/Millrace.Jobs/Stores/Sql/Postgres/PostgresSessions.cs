using System.Data.Common;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>The sessions of a store. Thread-safe.</summary>
/// <remarks>
/// <para>Ordinary operations share <see cref="MaximumOrdinary"/> places and wait for one; what workers live by does not wait, because each has few of
/// these under way. At most <see cref="MaximumIdle"/> sessions stay open without use.</para>
/// <para>An operation that the server undid for the sake of another (a deadlock, which the order of locks leaves to callers' own ids only) is done
/// again. So is one whose session had been used before and has lost its connection, which may have died long ago: once, on a new session. One that loses a
/// new session fails. Operations are idempotent.</para>
/// <para>What ended one connection has probably ended others: all sessions that are idle when one turns out to be lost are closed, lest they fail one after the other.</para>
/// </remarks>
internal sealed class PostgresSessions(DbDataSource dataSource, PostgresTexts texts) : IAsyncDisposable
{
    /// <summary>Most ordinary operations at once.</summary>
    public const int MaximumOrdinary = 12;

    /// <summary>Most sessions that stay open without use.</summary>
    public const int MaximumIdle = 8;

    /// <summary>How often an operation is begun.</summary>
    public const int MaximumAttempts = 10;

    private const string Deadlock = "40P01";
    private const string SerializationFailure = "40001";

    private readonly SemaphoreSlim _ordinary = new(MaximumOrdinary, MaximumOrdinary);
    private readonly Lock _lock = new(); // guards every field below
    private readonly Stack<PostgresSession> _idle = new(); // the last used first: it is the warmest, and the others can be closed
    private readonly SortedSet<int> _freeSlots = [];
    private int _slots;
    private int _busy;
    private TaskCompletionSource? _unused;
    private bool _closed;

    /// <summary>Runs an ordinary operation.</summary>
    public async ValueTask<T> RunAsync<T>(Func<PostgresSession, CancellationToken, ValueTask<T>> run, CancellationToken cancellationToken)
    {
        await _ordinary.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await RunUrgentAsync(run, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _ordinary.Release();
        }
    }

    /// <summary>Runs an operation at once.</summary>
    public async ValueTask<T> RunUrgentAsync<T>(Func<PostgresSession, CancellationToken, ValueTask<T>> run, CancellationToken cancellationToken)
    {
        var lost = false;
        for (var attempt = 1; ; attempt++)
        {
            var session = await TakeAsync(isNew: lost, cancellationToken).ConfigureAwait(false);
            try
            {
                var result = await run(session, cancellationToken).ConfigureAwait(false);
                await GiveBackAsync(session).ConfigureAwait(false);
                return result;
            }
            catch (DbException error) when (attempt < MaximumAttempts && !cancellationToken.IsCancellationRequested && IsWorthAnother(error, session))
            {
                lost = session.IsLost;
                await CloseAsync(session).ConfigureAwait(false);
            }
            catch
            {
                await CloseAsync(session).ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>A session to keep, until <see cref="CloseAsync"/>.</summary>
    public ValueTask<PostgresSession> BorrowAsync() => TakeAsync(isNew: true, CancellationToken.None);

    /// <summary>Closes a session that was taken; when its connection is gone, all that are idle too.</summary>
    public async ValueTask CloseAsync(PostgresSession session)
    {
        if (session.IsLost)
        {
            CloseIdle();
        }

        try
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            Freed(session.Slot);
        }
    }

    /// <summary>Waits for what is under way, then closes the sessions.</summary>
    public async ValueTask DisposeAsync()
    {
        List<PostgresSession> idle;
        Task unused;
        lock (_lock)
        {
            _closed = true;
            idle = [.. _idle];
            _idle.Clear();
            _unused ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            unused = _busy == 0 ? Task.CompletedTask : _unused.Task;
        }

        foreach (var session in idle)
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }

        await unused.ConfigureAwait(false);
    }

    private static bool IsWorthAnother(DbException error, PostgresSession session) =>
        error.SqlState is Deadlock or SerializationFailure || (session.IsUsed && session.IsLost);

    private async ValueTask<PostgresSession> TakeAsync(bool isNew, CancellationToken cancellationToken)
    {
        int slot;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(SqlJobStore));
            _busy++;
            if (!isNew && _idle.TryPop(out var idle))
            {
                idle.IsUsed = true;
                return idle;
            }

            slot = _freeSlots.Count > 0 ? _freeSlots.Min : _slots++;
            _freeSlots.Remove(slot);
        }

        try
        {
            return await PostgresSession.OpenAsync(dataSource, texts, slot, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Freed(slot);
            throw;
        }
    }

    private async ValueTask GiveBackAsync(PostgresSession session)
    {
        lock (_lock)
        {
            if (!_closed && _idle.Count < MaximumIdle)
            {
                _idle.Push(session);
                _busy--;
                return;
            }
        }

        await CloseAsync(session).ConfigureAwait(false);
    }

    /// <summary>Nobody waits for it but <see cref="DisposeAsync"/>: a connection that is silent may take long to close.</summary>
    private void CloseIdle()
    {
        lock (_lock)
        {
            while (_idle.TryPop(out var session))
            {
                _busy++;
                _ = Task.Run(() => CloseAsync(session).AsTask());
            }
        }
    }

    private void Freed(int slot)
    {
        lock (_lock)
        {
            _freeSlots.Add(slot);
            if (--_busy == 0)
            {
                _unused?.TrySetResult();
            }
        }
    }
}
