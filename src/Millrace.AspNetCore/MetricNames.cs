namespace Millrace.AspNetCore;

/// <summary>Names on the Prometheus page. They are what dashboards and alerts are built on: a name never changes its meaning.</summary>
internal static class MetricNames
{
    public const string CacheHits = "cache_hits_total";
    public const string CacheMisses = "cache_misses_total";
    public const string CacheStaleHits = "cache_stale_hits_total";
    public const string CacheFactoryRuns = "cache_factory_runs_total";
    public const string CacheFactoryErrors = "cache_factory_errors_total";
    public const string CacheSecondLevelUp = "cache_second_level_up";
    public const string CacheLeaseWaits = "cache_lease_waits_total";
    public const string CacheSweptEntries = "cache_swept_entries_total";
    public const string CacheOperationDuration = "cache_operation_duration_seconds";
    public const string CacheSecondLevelErrors = "cache_second_level_errors_total";
    public const string CacheEvictions = "cache_evictions_total";
    public const string CacheExpirations = "cache_expirations_total";
    public const string CacheInvalidations = "cache_invalidations_total";
    public const string CacheEntries = "cache_entries";
    public const string CacheEntryLimit = "cache_entries_limit";
    public const string CacheSize = "cache_size_bytes";
    public const string CacheSizeLimit = "cache_size_limit_bytes";

    public const string QueueSize = "queue_size";
    public const string QueueJobs = "queue_jobs";
    public const string QueuePaused = "queue_paused";
    public const string QueueJobsTotal = "queue_jobs_total";
    public const string QueueJobDuration = "queue_job_duration_seconds";

    public const string JobsRunning = "queue_jobs_running";
    public const string JobNotificationsDropped = "queue_notifications_dropped_total";

    public const string Connections = "realtime_connections";
    public const string Subscriptions = "realtime_subscriptions";
    public const string Channels = "realtime_channels";
    public const string Publications = "realtime_publications_total";
    public const string Deliveries = "realtime_deliveries_total";
    public const string Drops = "realtime_drops_total";
    public const string Disconnects = "realtime_disconnects_total";
    public const string Refusals = "realtime_refusals_total";
}
