using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.Health;
using Millrace.AspNetCore.Management;
using Millrace.Caching;
using Millrace.Jobs;
using Millrace.Realtime;

namespace Millrace.AspNetCore.Overviews;

/// <summary>Makes overviews, one for all who ask at about the same time: however many dashboards look on, the stores are read once per interval.</summary>
internal sealed class OverviewSource(
    CacheRegistry caches,
    CacheWarming warming,
    JobClient jobs,
    JobStore store,
    ChannelClient channels,
    HealthCheckService health,
    History history,
    IHostEnvironment environment,
    ILoggerFactory loggers,
    TimeProvider clock,
    IOptions<MillraceOptions> options)
{
    private const int JobsShown = 50;
    private const int ScheduledScanned = 200;
    private static readonly TimeSpan HealthAge = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new(); // guards the two fields below
    private Task<OverviewFrame>? _current;
    private DateTimeOffset _currentAt;

    private readonly ILogger _logger = loggers.MillraceLogger();
    private HealthView? _health; // touched by the one overview in the making
    private DateTimeOffset _healthAt;
    private bool _jobsFailed;

    /// <summary>The overview of the last moments, or a new one.</summary>
    public Task<OverviewFrame> GetAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            if (_current is null || (_current.IsCompleted && (!_current.IsCompletedSuccessfully || now - _currentAt >= options.Value.LiveInterval / 2)))
            {
                _currentAt = now;
                _current = MakeAsync();
            }

            return _current.WaitAsync(cancellationToken);
        }
    }

    private async Task<OverviewFrame> MakeAsync()
    {
        await Task.Yield(); // never make it under the lock
        using var timeout = new CancellationTokenSource(options.Value.QueryTimeout, clock);
        var overview = new Overview
        {
            At = clock.GetUtcNow(),
            StartedAt = history.StartedAt,
            Node = Environment.MachineName,
            Application = environment.ApplicationName,
            Environment = environment.EnvironmentName,
            Caches = [.. caches.Caches.Select(cache => cache.GetStatistics())],
            Warmers = [.. warming.Warmers.Select(warmer => warmer.Name)],
            Jobs = await MakeJobsAsync(timeout.Token).ConfigureAwait(false),
            Channels = channels.GetStatistics(),
            Health = await MakeHealthAsync(timeout.Token).ConfigureAwait(false),
        };
        return new OverviewFrame(overview, JsonSerializer.SerializeToUtf8Bytes(overview, OverviewJson.Default.Overview));
    }

    private async Task<JobsOverview> MakeJobsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var queues = await jobs.GetQueuesAsync(cancellationToken).ConfigureAwait(false);
            var totals = JobEndpoints.Total(queues);
            var now = clock.GetUtcNow();
            var made = new JobsOverview
            {
                Store = store.Name,
                Queues = queues,
                Totals = totals,
                Running = totals.Running == 0 ? [] : await ListAsync(JobState.Running, JobsShown, cancellationToken).ConfigureAwait(false),
                Dead = totals.Dead == 0 ? [] : await ListAsync(JobState.Dead, JobsShown, cancellationToken).ConfigureAwait(false),
                Blocked = totals.Blocked == 0 ? [] : await ListAsync(JobState.Blocked, JobsShown, cancellationToken).ConfigureAwait(false),
                Retrying = totals.Retrying == 0
                    ? []
                    : [.. (await ListAsync(JobState.Scheduled, ScheduledScanned, cancellationToken).ConfigureAwait(false)).Where(job => job.Attempt > 0).Take(JobsShown)],
                Schedules = [.. (await jobs.GetSchedulesAsync(cancellationToken).ConfigureAwait(false)).Take(ScheduledScanned).Select(QueueEndpoints.View)],
                Workers = [.. (await jobs.GetWorkersAsync(cancellationToken).ConfigureAwait(false)).Take(ScheduledScanned).Select(worker => QueueEndpoints.View(worker, now))],
            };
            Recovered();
            return made;
        }
        catch (Exception fault)
        {
            Failed(fault);
            return new JobsOverview { Store = store.Name, Error = "The job store does not answer. The log of the application says why." };
        }
    }

    private async Task<IReadOnlyList<JobView>> ListAsync(JobState state, int count, CancellationToken cancellationToken)
    {
        var page = await jobs.ListAsync(new JobQuery { State = state, PageSize = count }, cancellationToken).ConfigureAwait(false);
        return [.. page.Jobs.Select(JobView.Of)];
    }

    private async Task<HealthView> MakeHealthAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (_health is { } recent && now - _healthAt < HealthAge)
        {
            return recent;
        }

        try
        {
            var report = await health.CheckHealthAsync(HealthTags.IsReady, cancellationToken).ConfigureAwait(false);
            (_health, _healthAt) = (HealthAnswer.View(report, withDetails: true), now);
            return _health;
        }
        catch (OperationCanceledException)
        {
            return new HealthView(nameof(HealthStatus.Unhealthy), [new HealthEntry("health checks", nameof(HealthStatus.Unhealthy), "No answer in time.", 0)]);
        }
    }

    private void Failed(Exception fault)
    {
        if (!_jobsFailed)
        {
            _jobsFailed = true;
            Log.SamplingFailed(_logger, fault, "the job store");
        }
    }

    private void Recovered()
    {
        if (_jobsFailed)
        {
            _jobsFailed = false;
            Log.SamplingRecovered(_logger, "the job store");
        }
    }
}
