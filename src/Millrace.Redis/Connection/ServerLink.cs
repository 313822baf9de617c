using Millrace.Redis.Diagnostics;

namespace Millrace.Redis.Connection;

/// <summary>
/// A shared connection to one server that comes back by itself. Commands that find it full or not connected wait, in order, at most
/// <see cref="RedisOptions.MaximumWaiting"/> of them and no longer than their time-out. After a loss, commands that were never sent wait for
/// the next connection; of the others, those that only read may be repeated, by option; the rest fail and say so. Once it is retired,
/// commands that would wait or be repeated go to whoever takes over.
/// </summary>
internal sealed class ServerLink : IConnectionOwner, IClockWatcher, IAsyncDisposable
{
    private const int MaximumRepetitions = 3;
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(1);

    private readonly ConnectionSetup _setup;
    private readonly ConnectionOpener _opener;
    private readonly ILinkObserver _observer;
    private readonly ClientClock _clock;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly PingWatch _ping;
    private readonly Lock _lock = new(); // guards _waiting, _isStopped, _lost and the writing of _takeOver
    private readonly Queue<RedisOperation> _waiting = new();
    private TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isStopped;
    private volatile Action<RedisOperation>? _takeOver;
    private volatile TaskCompletionSource? _drained;
    private int _isDisposed;
    private volatile int _waitingCount;
    private RespConnection? _current; // set by the loop; whoever resets it tells of the loss
    private readonly TaskCompletionSource _firstConnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;

    private readonly LinkAdmission? _admission;

    public ServerLink(
        ConnectionSetup setup, ConnectionOpener opener, ILinkObserver observer, ClientClock clock, TimeProvider time, LinkAdmission? admission = null)
    {
        _admission = admission;
        _setup = setup;
        _opener = opener;
        _observer = observer;
        _clock = clock;
        _time = time;
        _ping = new PingWatch(setup.Options.PingInterval);
    }

    /// <summary>The server, <c>host:port</c>.</summary>
    public string Server => _setup.Server;

    public RedisEndpoint Endpoint => _setup.Endpoint;

    /// <summary>What the server's connections have done.</summary>
    public ServerCounters Counters => _setup.Counters;

    /// <summary>Whether it was told to end.</summary>
    public bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>Commands that wait for room or for a connection.</summary>
    public int Waiting => _waitingCount;

    /// <summary>Whether it is connected now.</summary>
    public bool IsConnected => Current is not null;

    /// <summary>The connection it has now; null: none.</summary>
    public RespConnection? Current => Volatile.Read(ref _current);

    /// <summary>Commands that were taken and not answered, waiting ones included.</summary>
    public int InFlight => (Current?.InFlight ?? 0) + _waitingCount;

    /// <summary>Ends when it is connected for the first time; fails when the first attempt does.</summary>
    public Task FirstConnected => _firstConnected.Task;

    /// <summary>Begins to connect, and to come back after each loss.</summary>
    public void Start()
    {
        _clock.Watch(this);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Takes a command; its operation is told the outcome.</summary>
    public void Send(RedisOperation operation)
    {
        if (_waitingCount == 0 && _takeOver is null && Current is { } connection && connection.TryAppend(operation))
        {
            return;
        }

        Wait(operation);
    }

    /// <summary>Takes several commands, which leave in one write as far as there is room.</summary>
    public void Send(ReadOnlySpan<RedisOperation> operations)
    {
        if (_waitingCount == 0 && _takeOver is null && Current is { } connection)
        {
            operations = operations[connection.Append(operations)..];
        }

        foreach (var operation in operations)
        {
            Wait(operation);
        }
    }

    public void OnRoom(RespConnection connection)
    {
        if (connection.InFlight == 0)
        {
            _drained?.TrySetResult();
        }

        if (_waitingCount > 0)
        {
            SendWaiting();
        }
    }

    public void OnRefused(RespConnection connection, RedisOperation operation) => Wait(operation);

    public void OnPush(RespConnection connection, ref RespReader push) => _observer.OnPush(this, ref push);

    public void OnClosed(RespConnection connection, Exception reason, IReadOnlyList<(RedisOperation Operation, RedisDelivery Delivery)> unanswered)
    {
        var wasReady = TryGiveUp(connection);
        if (wasReady)
        {
            _observer.OnDisconnected(this, reason);
        }

        var again = new List<RedisOperation>();
        foreach (var (operation, delivery) in unanswered)
        {
            if (connection.IsGreeted && MayRepeat(operation, delivery))
            {
                again.Add(operation);
            }
            else if (operation.IsPending)
            {
                Counters.Failed();
                operation.Fail(Lost(operation, delivery, reason));
            }
        }

        WaitFirst(again);

        if (wasReady)
        {
            _lost.TrySetResult();
            _drained?.TrySetResult();
        }
    }

    public void OnTick(long now)
    {
        Current?.Expire(now);
        _ping.OnTick(now, Current);
        if (_waitingCount == 0)
        {
            return;
        }

        lock (_lock)
        {
            for (var count = _waiting.Count; count > 0; count--)
            {
                var operation = _waiting.Dequeue();
                var isLate = operation.ExpireAt(now, this, static (link, operation) => new RedisTimeoutException(
                    $"{operation.Name.Text} waited for {link.Server} until its time-out and was not sent: "
                    + (link.IsConnected ? "the connection is full (MaximumInFlight)." : "there is no connection."),
                    link.Server, operation.Name.Text, RedisDelivery.NotSent));
                if (isLate)
                {
                    Counters.Failed();
                }

                if (operation.IsPending)
                {
                    _waiting.Enqueue(operation);
                }
            }

            _waitingCount = _waiting.Count;
        }
    }

    /// <summary>
    /// Takes no more commands: those that wait, and those that still come, go to <paramref name="takeOver"/>. Call it before
    /// <see cref="RetireAsync"/>, on all links of a node.
    /// </summary>
    /// <param name="takeOver">Takes a command that was not sent. Called on any thread; must not block or throw.</param>
    public void HandOver(Action<RedisOperation> takeOver)
    {
        List<RedisOperation> left;
        lock (_lock)
        {
            _takeOver = takeOver;
            left = TakeWaiting();
        }

        left.ForEach(takeOver);
    }

    /// <summary>Gives the commands that wait to <paramref name="send"/>, in order.</summary>
    public void Reconsider(Action<RedisOperation> send)
    {
        if (_waitingCount > 0)
        {
            List<RedisOperation> left;
            lock (_lock)
            {
                left = TakeWaiting();
            }

            left.ForEach(send);
        }
    }

    /// <summary>Ends it after <see cref="HandOver"/>.</summary>
    /// <param name="drain">How long commands that were sent may still be answered; zero: not at all.</param>
    /// <param name="cancellationToken">Ends that wait.</param>
    public async Task RetireAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        if (drain > TimeSpan.Zero)
        {
            var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _drained = drained;
            if (Current is { InFlight: > 0 })
            {
                await Task.WhenAny(drained.Task, Task.Delay(drain, _time, cancellationToken)).ConfigureAwait(false);
            }
        }

        await StopAsync(new RedisConnectionException($"commands no longer go to {Server}, which has lost its part")).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => StopAsync(new RedisConnectionException($"The client was disposed while commands to {Server} were on their way."));

    private async ValueTask StopAsync(RedisConnectionException stopped)
    {
        _clock.Unwatch(this);
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false); // no further connection comes
        if (Current is { } connection)
        {
            connection.Abort(stopped);
            await connection.Closed.ConfigureAwait(false);
        }

        _firstConnected.TrySetException(stopped);
        _ = _firstConnected.Task.Exception; // nobody may be waiting for it
        List<RedisOperation> left;
        lock (_lock)
        {
            _isStopped = true;
            left = TakeWaiting();
        }

        left.ForEach(operation => operation.Fail(Lost(operation, RedisDelivery.NotSent, stopped)));
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var backoff = new Backoff(_setup.Options);
        while (!_stopping.IsCancellationRequested && _takeOver is null)
        {
            var delay = TimeSpan.Zero;
            try
            {
                lock (_lock)
                {
                    _lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                var (connection, greeting) = await _opener.OpenAsync(_setup, ConnectionRole.Multiplexed, this, _stopping.Token).ConfigureAwait(false);
                await AdmitAsync(connection, greeting).ConfigureAwait(false);
                backoff.Reset();
                var begin = _time.GetTimestamp();
                Use(connection, greeting);
                await _lost.Task.WaitAsync(_stopping.Token).ConfigureAwait(false);
                delay = _time.GetElapsedTime(begin) < ShortLife ? backoff.Next() : TimeSpan.Zero; // a server that ends each at once is not besieged
            }
            catch (Exception error) when (!_stopping.IsCancellationRequested)
            {
                _firstConnected.TrySetException(error);
                _observer.OnConnectFailed(this, error);
                delay = backoff.Next();
            }
            catch (Exception)
            {
                return; // the client stops: whatever it interrupted
            }

            await Task.Delay(delay, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask AdmitAsync(RespConnection connection, ServerGreeting greeting)
    {
        if (_admission is null)
        {
            return;
        }

        try
        {
            await _admission(Endpoint, greeting, _stopping.Token).ConfigureAwait(false);
        }
        catch (Exception refusal)
        {
            connection.Abort(refusal);
            throw;
        }
    }

    private void Use(RespConnection connection, ServerGreeting greeting)
    {
        _observer.OnConnected(this, greeting);
        Interlocked.Exchange(ref _current, connection);
        if (connection.IsClosing && TryGiveUp(connection))
        {
            // It was lost before it was used: this owner was told, or will be, while it is not the current one.
            _observer.OnDisconnected(this, new RedisConnectionException($"{Server} closed the connection."));
            _lost.TrySetResult();
            return;
        }

        _firstConnected.TrySetResult();
        SendWaiting();
    }

    /// <summary>Whether the connection was the current one until now: exactly one caller is told so, and tells of the loss.</summary>
    private bool TryGiveUp(RespConnection connection) => Interlocked.CompareExchange(ref _current, null, connection) == connection;

    private void Wait(RedisOperation operation)
    {
        RedisException? refusal = null;
        Action<RedisOperation>? takeOver;
        lock (_lock)
        {
            takeOver = _takeOver;
            if (takeOver is not null)
            {
                // another server's now
            }
            else if (_isStopped)
            {
                refusal = new RedisConnectionException($"{operation.Name.Text} was not sent: the client has been disposed.", Server, operation.Name.Text, RedisDelivery.NotSent, innerException: null);
            }
            else if (_waiting.Count >= _setup.Options.MaximumWaiting)
            {
                refusal = new RedisConnectionException(
                    $"{operation.Name.Text} was not sent: {_waiting.Count} commands wait for {Server} already (MaximumWaiting). Slow the callers down.",
                    Server, operation.Name.Text, RedisDelivery.NotSent, innerException: null);
            }
            else
            {
                _waiting.Enqueue(operation);
                _waitingCount = _waiting.Count;
            }
        }

        if (takeOver is not null)
        {
            takeOver(operation);
        }
        else if (refusal is not null)
        {
            operation.Fail(refusal);
        }
        else
        {
            SendWaiting(); // room may have come between the attempt and here
        }
    }

    /// <summary>Puts commands that had been taken before those that wait: their order is kept, whatever the number.</summary>
    private void WaitFirst(List<RedisOperation> operations)
    {
        if (operations.Count == 0)
        {
            return;
        }

        Action<RedisOperation>? takeOver;
        lock (_lock)
        {
            takeOver = _takeOver;
            if (takeOver is null)
            {
                operations.AddRange(_waiting);
                _waiting.Clear();
                operations.ForEach(_waiting.Enqueue);
                _waitingCount = _waiting.Count;
            }
        }

        if (takeOver is not null)
        {
            operations.ForEach(takeOver);
        }
        else
        {
            SendWaiting();
        }
    }

    private void SendWaiting()
    {
        lock (_lock)
        {
            while (Current is { } connection && _waiting.TryPeek(out var operation))
            {
                if (operation.IsPending && !connection.TryAppend(operation, mayFlush: false))
                {
                    break;
                }

                _waiting.Dequeue();
            }

            _waitingCount = _waiting.Count;
        }
    }

    /// <summary>Empties the queue. Under the lock.</summary>
    private List<RedisOperation> TakeWaiting()
    {
        List<RedisOperation> left = [.. _waiting];
        _waiting.Clear();
        _waitingCount = 0;
        return left;
    }

    private bool MayRepeat(RedisOperation operation, RedisDelivery delivery) =>
        operation.IsPending && (!_stopping.IsCancellationRequested || _takeOver is not null) && (delivery == RedisDelivery.NotSent
            || (_setup.Options.RetryReads && operation.Name.IsReadOnly && operation.Repetitions++ < MaximumRepetitions));

    private RedisConnectionException Lost(RedisOperation operation, RedisDelivery delivery, Exception reason) => new(
        $"{operation.Name.Text} has no reply: the connection to {Server} ended ({reason.Message}). "
        + (delivery == RedisDelivery.NotSent ? "It was not sent." : "It was sent and may have run."),
        Server, operation.Name.Text, delivery, reason);
}
