namespace Millrace.Caching.WriteBehind.Flushing;

/// <summary>
/// Renews a lease while writes are delivered, and tells when it can no longer be trusted: refused, or not renewed in nine tenths of its time. The
/// time counts from before each question was asked, by a clock that goes on while the process stands still.
/// </summary>
internal sealed class LeaseWatch : IAsyncDisposable
{
    private readonly Func<CancellationToken, ValueTask<bool>> _renew;
    private readonly TimeProvider _time;
    private readonly TimeSpan _trusted;
    private readonly CancellationTokenSource _lost;
    private readonly CancellationTokenSource _ending = new();
    private readonly PeriodicTimer _timer;
    private readonly Task _loop;
    private long _renewedAt;

    public LeaseWatch(TimeSpan lease, long askedAt, TimeProvider time, Func<CancellationToken, ValueTask<bool>> renew)
    {
        (_renew, _time, _renewedAt) = (renew, time, askedAt);
        _trusted = lease * 0.9;
        _lost = new CancellationTokenSource(Left, time);
        _timer = new PeriodicTimer(lease / 3, time);
        _loop = LoopAsync();
    }

    /// <summary>Cancelled when the lease is not trusted any more.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Whether it is; looks at the clock too, because a timer may be late.</summary>
    public bool IsHeld => !_lost.IsCancellationRequested && _time.GetElapsedTime(Volatile.Read(ref _renewedAt)) < _trusted;

    private TimeSpan Left => _trusted - _time.GetElapsedTime(_renewedAt) is { Ticks: > 0 } left ? left : TimeSpan.FromMilliseconds(1);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        _timer.Dispose();
        await _loop.ConfigureAwait(false);
        _ending.Dispose();
        _lost.Dispose();
    }

    private async Task LoopAsync()
    {
        while (await _timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
            var askedAt = _time.GetTimestamp();
            try
            {
                if (!await _renew(_ending.Token).ConfigureAwait(false))
                {
                    await _lost.CancelAsync().ConfigureAwait(false);
                    return;
                }

                Volatile.Write(ref _renewedAt, askedAt);
                _lost.CancelAfter(Left);
            }
            catch (Exception)
            {
                // Asked again at the next tick; _lost ends it in time. The outage is logged by the loop, which cannot finish either.
                if (_lost.IsCancellationRequested)
                {
                    return;
                }
            }
        }
    }
}
