using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Jobs.Diagnostics;

namespace Millrace.Jobs.Notifying;

/// <summary>Hands changes to the observers, one at a time and in order, away from the jobs. At most <see cref="Capacity"/> wait; the oldest go first.</summary>
internal sealed class JobNotifications
{
    public const int Capacity = 10_000;

    private readonly Lock _lock = new(); // guards _held, and the order of writes
    private readonly Dictionary<string, List<JobChange>> _held = new(StringComparer.Ordinal);
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

    /// <summary>Holds back what others tell of these jobs while the caller changes them in the store: a worker may claim a job before its
    /// enqueuer has come back to tell of it. What the caller tells goes first; the rest follows when the hold is disposed.</summary>
    public NotificationHold Hold(IEnumerable<string> ids)
    {
        if (!Enabled)
        {
            return new NotificationHold(this, []);
        }

        lock (_lock)
        {
            return new NotificationHold(this, [.. ids.Where(id => _held.TryAdd(id, []))]);
        }
    }

    /// <summary>Tells of a change that needs no hold.</summary>
    public void Publish(JobChange change)
    {
        if (!Enabled)
        {
            return;
        }

        lock (_lock)
        {
            if (_held.TryGetValue(change.Id, out var held))
            {
                held.Add(change);
            }
            else
            {
                _changes.Writer.TryWrite(change);
            }
        }
    }

    public JobChange Describe(JobRecord job, JobState? state) => new()
    {
        Id = job.Id,
        Queue = job.Queue,
        Type = job.Type,
        State = state,
        Attempt = job.Attempt,
        Tags = job.Tags,
        Error = state == JobState.Dead ? job.Error : null,
        At = _clock.GetUtcNow(),
    };

    public JobChange Describe(NewJob job) => new()
    {
        Id = job.Id,
        Queue = job.Queue,
        Type = job.Type,
        State = job.After.Count > 0 ? JobState.Blocked : job.Delay is null && job.At is null ? JobState.Waiting : JobState.Scheduled,
        Tags = job.Tags,
        At = _clock.GetUtcNow(),
    };

    public JobChange Describe(ClaimedJob job, JobState state, string? error = null) => new()
    {
        Id = job.Id,
        Queue = job.Queue,
        Type = job.Type,
        State = state,
        Attempt = job.Attempt,
        Tags = job.Tags,
        Error = error,
        At = _clock.GetUtcNow(),
    };

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

    /// <summary>Writes past the holds.</summary>
    internal void Write(JobChange change)
    {
        if (Enabled)
        {
            lock (_lock)
            {
                _changes.Writer.TryWrite(change);
            }
        }
    }

    internal void Release(List<string> ids)
    {
        lock (_lock)
        {
            foreach (var id in ids)
            {
                if (_held.Remove(id, out var held))
                {
                    held.ForEach(change => _changes.Writer.TryWrite(change));
                }
            }
        }
    }
}
