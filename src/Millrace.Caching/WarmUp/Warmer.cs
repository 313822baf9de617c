namespace Millrace.Caching.WarmUp;

/// <summary>A warmer of this process: what was declared, its plan, whose turn it is, and what has been counted. Thread-safe.</summary>
internal sealed class Warmer(WarmerRegistration registration, CacheWarmerPlan plan) : IDisposable
{
    private readonly Lock _lock = new(); // guards the fields below
    private CacheWarmingRun? _lastRun;
    private DateTimeOffset? _nextRunAt;
    private long _runs;
    private long _failedRuns;
    private long _entries;

    public WarmerRegistration Registration { get; } = registration;

    public CacheWarmerPlan Plan { get; } = plan;

    /// <summary>One run for all at a time.</summary>
    public Turn Turn { get; } = new(1, $"the cache warmer '{registration.Name}'");

    /// <summary>A stated number of runs for single users at a time.</summary>
    public Turn UserTurn { get; } = new(plan.MaximumConcurrency, $"the cache warmer '{registration.Name}'");

    /// <summary>Whether it can run without a user.</summary>
    public bool RunsForAll => !Registration.IsPerUser || Plan.Users is not null;

    /// <summary>Whether its first run for all has ended, well or badly.</summary>
    public bool HasRun { get; private set; }

    /// <summary>When the schedule runs it next.</summary>
    public DateTimeOffset? NextRunAt
    {
        get
        {
            lock (_lock)
            {
                return _nextRunAt;
            }
        }

        set
        {
            lock (_lock)
            {
                _nextRunAt = value;
            }
        }
    }

    public void Ended(CacheWarmingRun run)
    {
        lock (_lock)
        {
            _lastRun = run;
            _runs++;
            _failedRuns += run.Failure is null ? 0 : 1;
            _entries += run.Entries;
            HasRun |= run.UserId is null;
        }
    }

    public CacheWarmer View()
    {
        lock (_lock)
        {
            return new CacheWarmer(Registration.Name, Registration.CacheName, _lastRun)
            {
                Priority = Plan.Priority,
                IsPerUser = Registration.IsPerUser,
                RunsForAll = RunsForAll,
                Runs = _runs,
                FailedRuns = _failedRuns,
                Entries = _entries,
                NextRunAt = _nextRunAt,
            };
        }
    }

    public void Dispose()
    {
        Turn.Dispose();
        UserTurn.Dispose();
    }
}
