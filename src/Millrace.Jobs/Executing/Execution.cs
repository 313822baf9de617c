namespace Millrace.Jobs.Executing;

/// <summary>One attempt in progress: what was claimed, how to stop it, and whether its end was already decided. Thread-safe.</summary>
internal sealed class Execution(ClaimedJob job) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private int _reason;
    private int _ended;

    public ClaimedJob Job { get; } = job;

    public JobRun Run => new(Job.Queue, Job.Id, Job.Token);

    public CancellationToken Token => _stop.Token;

    public StopReason Reason => (StopReason)Volatile.Read(ref _reason);

    /// <summary>What the attempt failed with, for those who run it in this process; null while it runs, and when it did not fail.</summary>
    public Exception? Error { get; set; }

    /// <summary>Asks the handler to stop; only the first reason counts. Returns without running the handler's callbacks.</summary>
    public void Stop(StopReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, (int)StopReason.None) == (int)StopReason.None)
        {
            _ = CancelAsync();
        }
    }

    /// <summary>How the attempt ends was decided; the store may not know yet.</summary>
    public bool HasEnded => Volatile.Read(ref _ended) == 1;

    /// <summary>True for the first caller only, who then decides how the attempt ends.</summary>
    public bool TryEnd() => Interlocked.Exchange(ref _ended, 1) == 0;

    public void Dispose() => _stop.Dispose();

    private async Task CancelAsync()
    {
        try
        {
            await _stop.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is ObjectDisposedException or AggregateException)
        {
            // The attempt ended meanwhile, or a callback of the handler threw: both are the handler's affair.
        }
    }
}
