using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Scheduling;

namespace Millrace.Jobs.Testing;

/// <summary>The application's schedules, which fire only when a test says so.</summary>
internal sealed class TestSchedules : IDisposable
{
    private readonly JobStore _store;
    private readonly ScheduleLoop _loop;
    private readonly DateTimeOffset _startedAt;
    private readonly SemaphoreSlim _declaring = new(1, 1);
    private bool _declared;

    public TestSchedules(
        JobStore store,
        JobFactory factory,
        IEnumerable<ScheduleRegistration> declared,
        IOptions<JobsOptions> options,
        JobNotifications notifications,
        JobMetrics metrics,
        TimeProvider clock,
        Jitter jitter,
        ILogger<TestSchedules> logger,
        IEnqueueListener listener)
    {
        _store = store;
        _loop = new ScheduleLoop(store, factory, declared, options.Value, notifications, metrics, clock, jitter, logger, listener);
        _startedAt = clock is JobTestClock testClock ? testClock.StartedAt : clock.GetUtcNow();
    }

    /// <summary>Stores the schedules that the code declares, once, as if that had been done when the clock started: no tick is missed because a test
    /// moves the clock first.</summary>
    public async Task DeclareAsync(CancellationToken cancellationToken)
    {
        await _declaring.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_declared)
            {
                await _store.InitializeAsync(cancellationToken).ConfigureAwait(false);
                await _loop.DeclareAsync(_startedAt, cancellationToken).ConfigureAwait(false);
                _declared = true;
            }
        }
        finally
        {
            _declaring.Release();
        }
    }

    /// <summary>Fires every schedule that is due.</summary>
    public async Task FireDueAsync(CancellationToken cancellationToken)
    {
        while (await _loop.FireDueAsync(cancellationToken).ConfigureAwait(false) == TimeSpan.Zero)
        {
            // There may be more.
        }
    }

    public void Dispose() => _declaring.Dispose();
}
