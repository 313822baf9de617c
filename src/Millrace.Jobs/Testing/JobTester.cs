using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Executing;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Payloads;
using Millrace.Jobs.Stores.Memory;

namespace Millrace.Jobs.Testing;

/// <summary>Looks at what was enqueued, and runs it when a test says so, through the engine's own store, executor and schedules. A singleton that
/// <see cref="MillraceJobsTestingServiceCollectionExtensions.AddMillraceJobsTesting"/> registers.</summary>
/// <remarks>Thread-safe; but drains and advances of one application wait for each other.</remarks>
public sealed partial class JobTester : IDisposable
{
    private readonly IServiceProvider _services;
    private readonly JobStore _store;
    private readonly JobRegistry _registry;
    private readonly PayloadCoding _coding;
    private readonly JobFactory _factory;
    private readonly QueueTable _queues;
    private readonly EnqueueLog _log;
    private readonly TestRunner _runner;
    private readonly TestSchedules _schedules;
    private readonly JobsOptions _options;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _turn = new(1, 1); // guards _waiting
    private readonly Dictionary<string, FinishKind> _waiting = new(StringComparer.Ordinal); // jobs whose last attempt failed or snoozed

    internal JobTester(IServiceProvider services)
    {
        _services = services;
        _store = services.GetRequiredService<JobStore>();
        _options = services.GetRequiredService<IOptions<JobsOptions>>().Value;
        if (_store is not MemoryJobStore || _options.RunWorkers || _options.RunSchedules)
        {
            var what = _store is not MemoryJobStore ? $"jobs are kept in a {_store.GetType().Name}" : "workers or schedules run by themselves";
            throw new InvalidOperationException($"After AddMillraceJobsTesting something else was registered: {what}. Call it last, in a WebApplicationFactory in ConfigureTestServices.");
        }

        _registry = services.GetRequiredService<JobRegistry>();
        _coding = services.GetRequiredService<PayloadCoding>();
        _factory = services.GetRequiredService<JobFactory>();
        _queues = services.GetRequiredService<QueueTable>();
        _log = services.GetRequiredService<EnqueueLog>();
        _runner = services.GetRequiredService<TestRunner>();
        _schedules = services.GetRequiredService<TestSchedules>();
        _clock = services.GetRequiredService<TimeProvider>();
    }

    /// <summary>Runs one attempt of a job at once, apart from all others, and tells how it ended. The job is not stored where the application sees it, and what
    /// follows (a retry, a snooze) does not happen; what its handler enqueues is there.</summary>
    /// <param name="job">The job; its type has a handler.</param>
    /// <param name="configure">How it differs from the defaults of its type; a delay or an instant is passed over. Null for not at all.</param>
    /// <param name="attempt">Which attempt it is. Default 1.</param>
    /// <param name="cancellationToken">Cancels the job, as <see cref="JobClient.CancelAsync"/> does.</param>
    /// <exception cref="ArgumentException">The payload is too large, or an option is out of range.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="attempt"/> is less than 1 or more than the job may have.</exception>
    /// <exception cref="InvalidOperationException">No handler is registered for the job's type.</exception>
    public async Task<JobTestRun> RunAsync<TJob>(TJob job, Action<EnqueueOptions>? configure = null, int attempt = 1, CancellationToken cancellationToken = default)
        where TJob : notnull
    {
        ArgumentNullException.ThrowIfNull(job);
        var wish = new EnqueueOptions();
        configure?.Invoke(wish);
        var stored = _factory.Create(job, wish) with { Delay = null, At = null };
        if (attempt < 1 || attempt > stored.MaxAttempts)
        {
            throw new ArgumentOutOfRangeException(nameof(attempt), attempt, $"The job may be attempted {stored.MaxAttempts} times; attempts count from 1.");
        }

        var store = new MemoryJobStore(_clock);
        await using var closing = store.ConfigureAwait(false);
        var notifications = _services.GetRequiredService<JobNotifications>();
        var executor = new JobExecutor(
            store, _registry, _services.GetRequiredService<IServiceScopeFactory>(), _services.GetRequiredService<IOptions<JobsOptions>>(), _coding, _clock,
            _services.GetRequiredService<Jitter>(), notifications, _services.GetServices<MiddlewareRegistration>(), _services.GetRequiredService<ILogger<JobExecutor>>());
        using var runner = new TestRunner(store, executor, running: null, notifications, _services.GetRequiredService<JobMetrics>(), _options.Lease, _options.Json, _coding, _clock);
        await store.EnqueueAsync([stored], int.MaxValue, CancellationToken.None).ConfigureAwait(false);
        await runner.SpendAsync(stored.Id, stored.Queue, attempt - 1).ConfigureAwait(false);
        return (await runner.RunAsync(stored.Id, stored.Queue, cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Removes every job that is not running from the store and forgets what was enqueued, so that tests that share an application start afresh. Schedules, paused
    /// queues and the clock stay.</summary>
    public async Task ResetAsync(CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _log.Clear();
            _waiting.Clear();
            var ids = new List<string>();
            await foreach (var job in ListAsync(null, cancellationToken).ConfigureAwait(false))
            {
                ids.Add(job.Id);
            }

            foreach (var batch in ids.Chunk(JobLimits.MaximumBatch))
            {
                await _store.DeleteAsync(batch, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Lets go of what it holds; the application's service provider does it.</summary>
    public void Dispose() => _turn.Dispose();

    internal Task StartAsync(CancellationToken cancellationToken) => _schedules.DeclareAsync(cancellationToken);

    private async IAsyncEnumerable<JobRecord> ListAsync(JobState? state, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new JobQuery { State = state, PageSize = JobLimits.MaximumPageSize };
        do
        {
            var page = await _store.ListAsync(query, cancellationToken).ConfigureAwait(false);
            foreach (var job in page.Jobs)
            {
                yield return job;
            }

            query = query with { Cursor = page.Next };
        }
        while (query.Cursor is not null);
    }
}
