using System.Data.Common;
using Millrace.Jobs.Stores.Sql.Postgres.Operations;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>Tells the database for which queues this process waits: one session holds a lock for each, which those who make work see (<see cref="Wait"/>). Thread-safe.</summary>
/// <remarks>A lock costs the disk nothing, is seen at once whatever transactions are open, and goes with its connection: nothing is left behind by a process that dies.</remarks>
internal sealed class Waiting(PostgresSessions sessions, WorkSignal signal) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1); // guards the two below, and the session
    private PostgresSession? _session;
    private bool _closed;

    /// <summary>Marks the queues as waited for, then looks at them. What is made from the mark on is announced; what was there before, the look finds.</summary>
    /// <param name="look">Looks, in a batch that begins with the statement it is given.</param>
    /// <param name="queues">The queues.</param>
    public async Task<Mark> EnterAsync(Func<PostgresSession, Action<PostgresBatch>, ValueTask<long?>> look, string[] queues)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            while (true)
            {
                ObjectDisposedException.ThrowIf(_closed, typeof(SqlJobStore));
                var isNew = _session is null;
                var session = _session ??= await sessions.BorrowAsync().ConfigureAwait(false);
                try
                {
                    return new Mark(session, queues, await look(session, batch => Wait.AddMark(batch, queues)).ConfigureAwait(false));
                }
                catch (Exception error)
                {
                    var again = !isNew && error is DbException && session.IsLost;
                    await ForgetAsync(session).ConfigureAwait(false);
                    if (!again)
                    {
                        throw;
                    }
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Takes a mark away, also one that is still to be made.</summary>
    public async Task LeaveAsync(Task<Mark>? entering)
    {
        if (entering is null)
        {
            return;
        }

        await ((Task)entering).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its caller's
        if (!entering.IsCompletedSuccessfully)
        {
            return;
        }

        var mark = await entering.ConfigureAwait(false);
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (ReferenceEquals(_session, mark.Session))
            {
                await Wait.LeaveAsync(mark.Session, mark.Queues).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is DbException or InvalidOperationException or TimeoutException)
        {
            await ForgetAsync(mark.Session).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            _closed = true;
            if (_session is { } session)
            {
                await ForgetAsync(session).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Gives the session up, and with it the marks of all who wait: they look again.</summary>
    private async ValueTask ForgetAsync(PostgresSession session)
    {
        _session = null;
        try
        {
            if (!session.IsLost)
            {
                await session.ExecuteAsync(Wait.LeaveAll, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (DbException)
        {
            // The connection is gone, and its locks with it.
        }

        await sessions.CloseAsync(session).ConfigureAwait(false);
        signal.PulseAll();
    }

    /// <summary>The locks of one who waits.</summary>
    /// <param name="Session">What holds them.</param>
    /// <param name="Queues">For these queues.</param>
    /// <param name="Due">What the look found: milliseconds until there is work; null for none in sight.</param>
    internal sealed record Mark(PostgresSession Session, string[] Queues, long? Due);
}
