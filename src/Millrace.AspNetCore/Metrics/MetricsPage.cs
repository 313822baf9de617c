using Millrace.Caching;
using Millrace.Jobs;
using Millrace.Realtime;

namespace Millrace.AspNetCore.Metrics;

/// <summary>All our metrics as one page of Prometheus text, from the same statistics that the dashboard shows.</summary>
internal sealed class MetricsPage(CacheRegistry caches, JobClient jobs, ChannelClient channels)
{
    public async ValueTask<string> WriteAsync(CancellationToken cancellationToken)
    {
        var text = new PrometheusText();
        WriteCaches(text, [.. caches.Caches.Select(cache => cache.GetStatistics())]);
        var statistics = await jobs.GetStatisticsAsync(cancellationToken).ConfigureAwait(false);
        WriteQueues(text, statistics.Queues);
        WriteJobs(text, statistics);
        WriteChannels(text, channels.GetStatistics(topChannels: 0));
        return text.ToString();
    }

    private static void WriteCaches(PrometheusText text, CacheStatistics[] caches)
    {
        PerPattern(text, caches, MetricNames.CacheHits, "Reads that a stored entry answered.", p => p.Hits);
        PerPattern(text, SharedOf(caches), p => p.RemoteHits, MetricNames.CacheHits, "l2");
        PerPattern(text, caches, MetricNames.CacheMisses, "Reads that found no valid entry.", p => p.Misses);
        PerPattern(text, caches, MetricNames.CacheStaleHits, "Reads that got what may be stale.", p => p.StaleHits);
        PerPattern(text, caches, MetricNames.CacheFactoryRuns, "Reads of the source begun.", p => p.FactoryRuns);
        PerPattern(text, caches, MetricNames.CacheFactoryErrors, "Reads of the source that failed.", p => p.FactoryErrors);
        PerCache(text, SharedOf(caches), MetricNames.CacheSecondLevelUp, "gauge", "1 while the second level can be used, each partition of it.", s => s.IsSharing == true ? 1 : 0);
        PerCache(text, SharedOf(caches), MetricNames.CacheSecondLevelErrors, "counter", "Calls of the second level that failed or were not answered in time.", s => s.RemoteErrors);
        PerCache(text, SharedOf(caches), MetricNames.CacheLeaseWaits, "counter", "Reads that waited for another process that was at the source.", s => s.LeaseWaits);
        PerCache(text, SharedOf(caches), MetricNames.CacheSweptEntries, "counter", "Invalidated entries removed from the second level.", s => s.SweptEntries);
        PerCache(text, caches, MetricNames.CacheEvictions, "counter", "Entries removed to make room.", s => s.Evictions);
        PerCache(text, caches, MetricNames.CacheExpirations, "counter", "Entries removed because their time was over.", s => s.Expirations);
        PerCache(text, caches, MetricNames.CacheInvalidations, "counter", "Keys, tags and everything invalidated.", s => s.Invalidations);
        PerCache(text, caches, MetricNames.CacheEntries, "gauge", "Entries held.", s => s.Entries);
        PerCache(text, caches, MetricNames.CacheEntryLimit, "gauge", "The most entries that may be held.", s => s.EntryLimit);
        PerCache(text, caches, MetricNames.CacheSize, "gauge", "Bytes that the entries weigh.", s => s.SizeBytes);
        PerCache(text, caches, MetricNames.CacheSizeLimit, "gauge", "The most bytes that the entries may weigh.", s => s.SizeLimitBytes);
        WriteLatencies(text, caches);
    }

    private static void WriteLatencies(PrometheusText text, CacheStatistics[] caches)
    {
        text.Family(MetricNames.CacheOperationDuration, "histogram", "How long the second level and the sources took in this process.");
        foreach (var cache in caches)
        {
            foreach (var latency in cache.Latencies)
            {
                text.Histogram(
                    MetricNames.CacheOperationDuration, CacheLatency.Bounds, latency.Buckets, latency.SumSeconds,
                    ("cache", cache.Name), ("cache_layer", latency.Layer), ("operation", latency.Operation));
            }
        }
    }

    private static CacheStatistics[] SharedOf(CacheStatistics[] caches) => Array.FindAll(caches, static cache => cache.IsSharing is not null);

    private static void PerPattern(
        PrometheusText text, CacheStatistics[] caches, string name, string help, Func<CacheKeyPatternStatistics, long> value)
    {
        text.Family(name, "counter", help);
        PerPattern(text, caches, value, name, "l1");
    }

    private static void PerPattern(PrometheusText text, CacheStatistics[] caches, Func<CacheKeyPatternStatistics, long> value, string name, string layer)
    {
        foreach (var cache in caches)
        {
            foreach (var pattern in cache.Patterns)
            {
                text.Sample(name, value(pattern), ("cache", cache.Name), ("cache_layer", layer), ("key_pattern", pattern.Pattern));
            }
        }
    }

    private static void PerCache(PrometheusText text, CacheStatistics[] caches, string name, string type, string help, Func<CacheStatistics, long> value)
    {
        text.Family(name, type, help);
        foreach (var cache in caches)
        {
            text.Sample(name, value(cache), ("cache", cache.Name));
        }
    }

    private static void WriteQueues(PrometheusText text, IReadOnlyList<QueueStatus> queues)
    {
        text.Family(MetricNames.QueueSize, "gauge", "Jobs that wait: ready, delayed and for another attempt.");
        foreach (var queue in queues)
        {
            text.Sample(MetricNames.QueueSize, queue.Waiting + queue.Delayed + queue.Retrying, ("queue", queue.Name));
        }

        text.Family(MetricNames.QueueJobs, "gauge", "Jobs that the store holds, by state.");
        foreach (var queue in queues)
        {
            (string State, long Count)[] states =
            [
                ("waiting", queue.Waiting), ("delayed", queue.Delayed), ("retrying", queue.Retrying), ("blocked", queue.Blocked), ("running", queue.Running),
                ("completed", queue.Completed), ("dead", queue.Dead), ("cancelled", queue.Cancelled),
            ];
            foreach (var (state, count) in states)
            {
                text.Sample(MetricNames.QueueJobs, count, ("queue", queue.Name), ("state", state));
            }
        }

        text.Family(MetricNames.QueuePaused, "gauge", "1 while nothing is claimed from the queue.");
        foreach (var queue in queues)
        {
            text.Sample(MetricNames.QueuePaused, queue.Paused ? 1 : 0, ("queue", queue.Name));
        }
    }

    private static void WriteJobs(PrometheusText text, JobStatistics statistics)
    {
        text.Family(MetricNames.QueueJobsTotal, "counter", "Jobs by what happened to them in this process.");
        foreach (var total in statistics.Totals)
        {
            text.Sample(MetricNames.QueueJobsTotal, total.Count, ("queue", total.Queue), ("job_type", total.Type), ("status", total.Status));
        }

        text.Family(MetricNames.QueueJobDuration, "histogram", "How long attempts took in this process.");
        foreach (var duration in statistics.Durations)
        {
            text.Histogram(
                MetricNames.QueueJobDuration, JobDuration.Bounds, duration.Buckets, duration.SumSeconds, ("queue", duration.Queue), ("job_type", duration.Type));
        }

        One(text, MetricNames.JobsRunning, "gauge", "Jobs running in this process.", statistics.Running);
        One(text, MetricNames.JobNotificationsDropped, "counter", "Notifications that observers were too slow for.", statistics.DroppedNotifications);
    }

    private static void WriteChannels(PrometheusText text, RealtimeStatistics statistics)
    {
        One(text, MetricNames.Connections, "gauge", "Open client connections.", statistics.Connections);
        One(text, MetricNames.Subscriptions, "gauge", "Channels joined, over all subscribers.", statistics.Subscriptions);
        One(text, MetricNames.Channels, "gauge", "Channels with a subscriber.", statistics.Channels);
        One(text, MetricNames.Publications, "counter", "Messages published.", statistics.Publications);
        One(text, MetricNames.Deliveries, "counter", "Publications written, summed over subscribers.", statistics.Deliveries);
        One(text, MetricNames.Drops, "counter", "Publications dropped for full outboxes.", statistics.Drops);
        One(text, MetricNames.Disconnects, "counter", "Connections closed by the server.", statistics.Disconnects);
        One(text, MetricNames.Refusals, "counter", "Calls of clients that were refused.", statistics.Refusals);
    }

    private static void One(PrometheusText text, string name, string type, string help, long value)
    {
        text.Family(name, type, help);
        text.Sample(name, value);
    }
}
