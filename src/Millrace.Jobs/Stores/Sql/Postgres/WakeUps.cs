namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>Hears the database say that there is work, and wakes those of this process that wait for it. Thread-safe.</summary>
/// <remarks>Where notifications may have been missed (the connection is lost, or there again), everyone is woken and looks for himself.</remarks>
internal sealed class WakeUps(PostgresListener listener, string channel, WorkSignal signal, TimeProvider clock) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new(); // guards the two below
    private Task? _loop;
    private bool _closed;
    private volatile bool _isListening;

    /// <summary>Whether what is said now is heard; begins to listen when asked for the first time.</summary>
    public bool IsListening
    {
        get
        {
            if (!_isListening && Volatile.Read(ref _loop) is null)
            {
                Begin();
            }

            return _isListening;
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await (_loop ?? Task.CompletedTask).ConfigureAwait(false);
        _stop.Dispose();
    }

    private void Begin()
    {
        lock (_lock)
        {
            if (!_closed)
            {
                _loop ??= Task.Run(RunAsync);
            }
        }
    }

    private async Task RunAsync()
    {
        var pause = FirstPause;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await listener.ListenAsync(channel, Listening, signal.Pulse, _stop.Token).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // The listener says it in the log. Meanwhile those who wait look again and again.
            }

            _isListening = false;
            signal.PulseAll();
            await Task.Delay(pause, clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }

        void Listening()
        {
            pause = FirstPause;
            _isListening = true;
            signal.PulseAll();
        }
    }
}
