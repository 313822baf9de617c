using Millrace.Caching.Statistics;

namespace Millrace.Caching.WriteBehind.Flushing;

/// <summary>The loops of one write-behind on this node: started once, stopped once.</summary>
internal sealed class Flusher(FlushContext context) : IAsyncDisposable
{
    /// <summary>How long calls of the handler may take to heed their token.</summary>
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(5);

    private readonly PartitionLoop[] _loops = [.. Enumerable.Range(0, WriteBehindStore.Partitions).Select(partition => new PartitionLoop(partition, context))];
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _graceOver = new();
    private readonly Lock _lock = new(); // guards the two below
    private Task? _running;
    private bool _isStopped;

    public PartitionLoop this[int partition] => _loops[partition];

    /// <summary>Starts the loops, unless they have been; not after a stop.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (_running is null && !_isStopped)
            {
                _running = Task.WhenAll(_loops.Select(loop => Task.Run(() => loop.RunAsync(_stopping.Token, _graceOver.Token))));
            }
        }
    }

    /// <summary>Flushes what this node owns, for as long as the grace lasts, and ends the loops.</summary>
    /// <param name="cancellationToken">Ends the grace early.</param>
    /// <returns>False: a call of the handler ignores its token and goes on.</returns>
    public async Task<bool> StopAsync(CancellationToken cancellationToken)
    {
        Task? running;
        lock (_lock)
        {
            _isStopped = true;
            running = _running;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        if (running is null)
        {
            return true;
        }

        using var grace = new CancellationTokenSource(context.Options.DrainTimeout, context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(grace.Token, cancellationToken);
        await using (either.Token.Register(static over => _ = ((CancellationTokenSource)over!).CancelAsync(), _graceOver).ConfigureAwait(false))
        {
            try
            {
                await running.WaitAsync(context.Options.DrainTimeout + LastWait, context.Time, CancellationToken.None).ConfigureAwait(false);
                return true;
            }
            catch (TimeoutException)
            {
                Log.WriteHandlerStuck(context.Logger, context.Name, LastWait);
                return false;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!await StopAsync(CancellationToken.None).ConfigureAwait(false))
        {
            return; // what still runs needs the rest
        }

        foreach (var loop in _loops)
        {
            loop.Dispose();
        }

        _stopping.Dispose();
        _graceOver.Dispose();
    }
}
