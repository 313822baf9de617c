using Microsoft.Extensions.Logging;
using Millrace.Jobs.Diagnostics;

namespace Millrace.Jobs.Retrying;

/// <summary>How one loop bears a store that fails: growing delays with jitter, and one log line at the start and at the end of the outage.
/// Thread-safe: loops that do the same
/// share one.</summary>
internal sealed class StoreBackoff(string operation, TimeProvider clock, Jitter jitter, ILogger logger)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new(); // guards the two below
    private int _failures;
    private DateTimeOffset _since;

    public void Succeeded()
    {
        if (Volatile.Read(ref _failures) == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (_failures > 0)
            {
                Log.StoreRecovered(logger, operation, _failures, clock.GetUtcNow() - _since);
                _failures = 0;
            }
        }
    }

    /// <summary>Takes note of a failure and tells how long to wait before the next try.</summary>
    public TimeSpan Failed(Exception error)
    {
        int failures;
        lock (_lock)
        {
            failures = ++_failures;
            if (failures == 1)
            {
                _since = clock.GetUtcNow();
                Log.StoreFails(logger, operation, error);
            }
        }

        var delay = Math.Min(First.Ticks * Math.Pow(2, Math.Min(failures - 1, 20)), Longest.Ticks);
        return TimeSpan.FromTicks((long)(delay * (0.5 + (0.5 * jitter.Next()))));
    }

    public Task WaitAsync(Exception error, CancellationToken cancellationToken) => Task.Delay(Failed(error), clock, cancellationToken);
}
