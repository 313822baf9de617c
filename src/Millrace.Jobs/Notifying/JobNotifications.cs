using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Jobs.Diagnostics;

namespace Millrace.Jobs.Notifying;

/// <summary>Hands changes to the observers, one at a time and in order, away from the jobs. At most <see cref="Capacity"/> wait; the oldest go first.</summary>
internal sealed class JobNotifications
{
    public const int Capacity = 10_000;

    private readonly Channel<JobChange> _changes;
    private readonly Lazy<IJobObserver[]> _observers; // late: an observer may itself ask for the client
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private int _dropping;

    public JobNotifications(IServiceProvider services, TimeProvider clock, JobMetrics metrics, ILogger<JobNotifications> logger)
    {
        _observers = new Lazy<IJobObserver[]>(() => [.. services.GetServices<IJobObserver>()]);
        _clock = clock;
        _logger = logger;
        _changes = Channel.CreateBounded<JobChange>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ =>
            {
                metrics.NotificationDropped();
                if (Interlocked.Exchange(ref _dropping, 1) == 0)
                {
                    Log.NotificationsDropped(logger);
                }
            });
    }

    /// <summary>False when nobody listens; then there is no need to find out what changed.</summary>
    public bool Enabled => _observers.Value.Length > 0;

    public void Publish(JobRecord job, JobState? state) => Publish(new JobChange
    {
        Id = job.Id,
        Queue = job.Queue,
        Type = job.Type,
        State = state,
        Attempt = job.Attempt,
        Tags = job.Tags,
        Error = state == JobState.Dead ? job.Error : null,
        At = _clock.GetUtcNow(),
    });

    public void Publish(NewJob job) => Publish(new JobChange
    {
        Id = job.Id,
        Queue = job.Queue,
        Type = job.Type,
        State = job.Delay is null && job.At is null ? JobState.Waiting : JobState.Scheduled,
        Tags = job.Tags,
        At = _clock.GetUtcNow(),
    });

    public void Publish(ClaimedJob job, JobState state, string? error = null) => Publish(new JobChange
    {
        Id = job.Id,
        Queue = job.Queue,
        Type = job.Type,
        State = state,
        Attempt = job.Attempt,
        Tags = job.Tags,
        Error = error,
        At = _clock.GetUtcNow(),
    });

    public void PublishProgress(ClaimedJob job, int percent, string? message) => Publish(new JobChange
    {
        Id = job.Id,
        Queue = job.Queue,
        Type = job.Type,
        State = JobState.Running,
        Attempt = job.Attempt,
        Tags = job.Tags,
        ProgressPercent = percent,
        ProgressMessage = message,
        At = _clock.GetUtcNow(),
    });

    /// <summary>No change is taken from now on; <see cref="RunAsync"/> ends after those that wait.</summary>
    public void Complete() => _changes.Writer.TryComplete();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var change in _changes.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            foreach (var observer in _observers.Value)
            {
                try
                {
                    await observer.OnChangedAsync(change, cancellationToken).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    return;
                }
                catch (Exception error)
                {
                    Log.ObserverFailed(_logger, observer.GetType().FullName!, change.Id, error);
                }
            }

            Volatile.Write(ref _dropping, 0);
        }
    }

    private void Publish(JobChange change)
    {
        if (Enabled)
        {
            _changes.Writer.TryWrite(change);
        }
    }
}
