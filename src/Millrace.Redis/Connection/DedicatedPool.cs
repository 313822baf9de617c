using System.Diagnostics.CodeAnalysis;

namespace Millrace.Redis.Connection;

/// <summary>
/// The connections to one server that are lent to one caller at a time. They are opened when they are asked for, at most
/// <see cref="RedisOptions.MaximumDedicatedConnections"/> of them; beyond it callers wait in order, no longer than
/// <see cref="RedisOptions.CommandTimeout"/>. The one given back last is lent first, so that idle ones can be closed.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "CloseAsync ends it.")]
internal sealed class DedicatedPool : IClockWatcher
{
    private readonly ConnectionSetup _setup;
    private readonly ConnectionOpener _opener;
    private readonly ClientClock _clock;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new(); // guards everything below
    private readonly HashSet<DedicatedConnection> _open = [];
    private readonly List<DedicatedConnection> _idle = []; // the longest idle first
    private readonly LinkedList<DedicatedWaiter> _waiting = [];
    private int _opening;
    private bool _isWatching;
    private string? _closed; // why

    public DedicatedPool(ConnectionSetup setup, ClientContext context)
    {
        _setup = setup;
        _opener = context.Opener;
        _clock = context.Clock;
    }

    /// <summary>How many are open or being opened.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _open.Count + _opening;
            }
        }
    }

    /// <summary>How many of them nobody uses.</summary>
    public int Idle
    {
        get
        {
            lock (_lock)
            {
                return _idle.Count;
            }
        }
    }

    /// <summary>Lends a connection.</summary>
    /// <param name="command">What it is for, for errors.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RedisTimeoutException">All are lent, and none was given back in time.</exception>
    /// <exception cref="RedisException">None could be opened.</exception>
    public async ValueTask<DedicatedConnection> RentAsync(string command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        DedicatedWaiter? waiter = null;
        lock (_lock)
        {
            ThrowIfClosed(command);
            StartWatching();
            if (TryTakeIdle() is { } idle)
            {
                return idle;
            }

            if (_open.Count + _opening < _setup.Options.MaximumDedicatedConnections)
            {
                _opening++;
            }
            else
            {
                waiter = Wait(command);
            }
        }

        return (waiter is null ? null : await WaitAsync(waiter, cancellationToken).ConfigureAwait(false))
            ?? await OpenAsync(command, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a connection back; one that is not as it was lent is closed.</summary>
    public void Return(DedicatedConnection connection)
    {
        lock (_lock)
        {
            if (_closed is null && connection.IsClean && _open.Contains(connection))
            {
                if (!TryHandOver(connection))
                {
                    connection.IdleSince = _clock.Now;
                    _idle.Add(connection);
                }

                return;
            }
        }

        connection.Abort("it was given back in another state than it was lent in");
        Discard(connection);
    }

    /// <summary>Forgets a connection that has ended, or is about to.</summary>
    public void Discard(DedicatedConnection connection)
    {
        lock (_lock)
        {
            if (_open.Remove(connection))
            {
                _idle.Remove(connection);
                LetNextOpen();
            }
        }
    }

    public void OnTick(long now)
    {
        List<DedicatedConnection>? tooOld = null;
        lock (_lock)
        {
            foreach (var connection in _open)
            {
                connection.Expire(now);
            }

            while (_idle.Count > 0 && now - _idle[0].IdleSince >= _setup.Options.IdleTimeout.TotalMilliseconds)
            {
                (tooOld ??= []).Add(_idle[0]);
                _idle.RemoveAt(0);
            }

            while (_waiting.First is { } first && now >= first.Value.Deadline)
            {
                _waiting.RemoveFirst();
                first.Value.TrySetException(Late(first.Value.Command));
            }
        }

        tooOld?.ForEach(connection =>
        {
            connection.Abort("it was not used for longer than IdleTimeout");
            Discard(connection);
        });
    }

    /// <summary>Ends all connections, lent ones too, and lends no more. Does nothing the second time.</summary>
    /// <param name="reason">Why, part of a sentence.</param>
    public async ValueTask CloseAsync(string reason)
    {
        List<DedicatedConnection> open;
        lock (_lock)
        {
            if (_closed is not null)
            {
                return;
            }

            _closed = reason;
            open = [.. _open];
            _open.Clear();
            _idle.Clear();
            foreach (var waiter in _waiting)
            {
                waiter.TrySetException(Closed(waiter.Command));
            }

            _waiting.Clear();
        }

        _clock.Unwatch(this);
        await _stopping.CancelAsync().ConfigureAwait(false);
        foreach (var connection in open)
        {
            connection.Abort(reason);
            await connection.Closed.ConfigureAwait(false);
        }

        _stopping.Dispose();
    }

    /// <summary>Opens a connection; its place has been taken.</summary>
    private async Task<DedicatedConnection> OpenAsync(string command, CancellationToken cancellationToken)
    {
        var connection = new DedicatedConnection(this);
        try
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
            await connection.OpenAsync(_setup, _opener, both.Token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            lock (_lock)
            {
                _opening--;
                LetNextOpen();
            }

            cancellationToken.ThrowIfCancellationRequested();
            throw error switch
            {
                ObjectDisposedException or OperationCanceledException => Closed(command),
                RedisConnectionException => new RedisConnectionException(
                    $"{command} was not sent: {error.Message}", _setup.Server, command, RedisDelivery.NotSent, error),
                _ => error,
            };
        }

        bool isKept;
        lock (_lock)
        {
            _opening--;
            isKept = _closed is null;
            if (isKept)
            {
                _open.Add(connection);
            }
        }

        if (!isKept)
        {
            connection.Abort(_closed!);
            await connection.Closed.ConfigureAwait(false);
            throw Closed(command);
        }

        if (connection.Closed.IsCompleted)
        {
            Discard(connection); // it ended before it was known here
        }

        return connection;
    }

    private async Task<DedicatedConnection?> WaitAsync(DedicatedWaiter waiter, CancellationToken cancellationToken)
    {
        var registration = cancellationToken.UnsafeRegister(static (waiter, token) => ((DedicatedWaiter)waiter!).TrySetCanceled(token), waiter);
        await using (registration.ConfigureAwait(false))
        {
            try
            {
                return await waiter.Task.ConfigureAwait(false);
            }
            finally
            {
                lock (_lock)
                {
                    if (waiter.Place.List is not null)
                    {
                        _waiting.Remove(waiter.Place); // cancelled
                    }
                }
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private DedicatedWaiter Wait(string command)
    {
        if (_waiting.Count >= _setup.Options.MaximumWaiting)
        {
            throw new RedisConnectionException(
                $"{command} was not sent: {_waiting.Count} callers wait for a dedicated connection to {_setup.Server} already (MaximumWaiting). "
                + "Raise MaximumDedicatedConnections, or let fewer callers block.",
                _setup.Server, command, RedisDelivery.NotSent, innerException: null);
        }

        var waiter = new DedicatedWaiter(command, _clock.After(_setup.Options.CommandTimeout));
        _waiting.AddLast(waiter.Place);
        return waiter;
    }

    /// <summary>Under the lock.</summary>
    private DedicatedConnection? TryTakeIdle()
    {
        while (_idle.Count > 0)
        {
            var connection = _idle[^1];
            _idle.RemoveAt(_idle.Count - 1);
            if (connection.IsClean)
            {
                return connection;
            }

            _open.Remove(connection); // it is about to end
        }

        return null;
    }

    /// <summary>Under the lock.</summary>
    private bool TryHandOver(DedicatedConnection connection)
    {
        while (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            if (first.Value.TrySetResult(connection))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Gives a place that has become free to the next who waits, who opens a connection. Under the lock.</summary>
    private void LetNextOpen()
    {
        while (_closed is null && _waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            if (first.Value.TrySetResult(null))
            {
                _opening++;
                return;
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private void StartWatching()
    {
        if (!_isWatching)
        {
            _isWatching = true;
            _clock.Watch(this);
        }
    }

    private void ThrowIfClosed(string command)
    {
        if (_closed is not null)
        {
            throw Closed(command);
        }
    }

    private RedisConnectionException Closed(string command) => new(
        $"{command} was not sent: {_closed}.", _setup.Server, command, RedisDelivery.NotSent, innerException: null);

    private RedisTimeoutException Late(string command) => new(
        $"{command} waited for a dedicated connection to {_setup.Server} until its time-out and was not sent: all "
        + $"{_setup.Options.MaximumDedicatedConnections} are in use (MaximumDedicatedConnections). Raise it, or let fewer callers block.",
        _setup.Server, command, RedisDelivery.NotSent);
}
