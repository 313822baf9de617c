using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.Management;
using Millrace.AspNetCore.OutputCaching;
using Millrace.Caching;
using Millrace.Jobs;
using Millrace.Realtime;

namespace Millrace.AspNetCore.Overviews;

/// <summary>Adds a sample to the history at every interval, for as long as the host runs.</summary>
internal sealed class Sampler(
    CacheRegistry caches,
    JobClient jobs,
    ChannelClient channels,
    History history,
    ILoggerFactory loggers,
    TimeProvider clock,
    IOptions<MillraceOptions> options) : BackgroundService
{
    private readonly ILogger _logger = loggers.MillraceLogger();
    private Counts _before = new();
    private bool _storeFails;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _before = Count((await StatisticsAsync(stoppingToken).ConfigureAwait(false))?.Totals);
        using var timer = new PeriodicTimer(options.Value.HistoryInterval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                await SampleAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the host stops
        }
    }

    private async ValueTask SampleAsync(CancellationToken cancellationToken)
    {
        var statistics = await StatisticsAsync(cancellationToken).ConfigureAwait(false);
        var totals = statistics is null ? null : JobEndpoints.Total(statistics.Queues);
        var now = Count(statistics?.Totals);
        var (entries, bytes) = Held();
        history.Add(new Sample
        {
            Sequence = history.Next,
            At = clock.GetUtcNow(),
            Hits = now.Hits - _before.Hits,
            Misses = now.Misses - _before.Misses,
            PageHits = now.PageHits - _before.PageHits,
            PageMisses = now.PageMisses - _before.PageMisses,
            Entries = entries,
            SizeBytes = bytes,
            Waiting = totals?.Waiting,
            Running = totals?.Running,
            Dead = totals?.Dead,
            Completed = now.Completed - _before.Completed,
            Failed = now.Failed - _before.Failed,
            Connections = channels.GetStatistics(topChannels: 0).Connections,
            Deliveries = now.Deliveries - _before.Deliveries,
        });
        _before = now;
    }

    private Counts Count(IReadOnlyList<JobTotal>? jobTotals)
    {
        var counts = new Counts
        {
            Completed = jobTotals is null ? _before.Completed : jobTotals.Where(total => total.Status == "completed").Sum(total => total.Count),
            Failed = jobTotals is null ? _before.Failed : jobTotals.Where(total => total.Status is "retried" or "dead").Sum(total => total.Count),
            Deliveries = channels.GetStatistics(topChannels: 0).Deliveries,
        };
        foreach (var cache in caches.Caches)
        {
            var statistics = cache.GetStatistics();
            counts = cache.Name == OutputCacheStore.CacheName
                ? counts with { PageHits = statistics.Hits, PageMisses = statistics.Misses }
                : counts with { Hits = counts.Hits + statistics.Hits, Misses = counts.Misses + statistics.Misses };
        }

        return counts;
    }

    private (long Entries, long Bytes) Held()
    {
        var (entries, bytes) = (0L, 0L);
        foreach (var cache in caches.Caches)
        {
            var statistics = cache.GetStatistics();
            entries += statistics.Entries;
            bytes += statistics.SizeBytes;
        }

        return (entries, bytes);
    }

    /// <summary>Null while the store does not answer: the chart shows a gap, the log says so once.</summary>
    private async ValueTask<JobStatistics?> StatisticsAsync(CancellationToken stoppingToken)
    {
        using var timeout = new CancellationTokenSource(options.Value.QueryTimeout, clock);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stoppingToken);
        try
        {
            var statistics = await jobs.GetStatisticsAsync(ending.Token).ConfigureAwait(false);
            if (_storeFails)
            {
                _storeFails = false;
                Log.SamplingRecovered(_logger, "the job store");
            }

            return statistics;
        }
        catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
        {
            if (!_storeFails)
            {
                _storeFails = true;
                Log.SamplingFailed(_logger, fault, "the job store");
            }

            return null;
        }
    }

    private sealed record Counts
    {
        public long Hits { get; init; }

        public long Misses { get; init; }

        public long PageHits { get; init; }

        public long PageMisses { get; init; }

        public long Completed { get; init; }

        public long Failed { get; init; }

        public long Deliveries { get; init; }
    }
}
