namespace Millrace.Caching;

/// <summary>
/// When a warmer runs and how much it may take. Set in code when the warmer is registered; the section <c>Millrace:Cache:Warmers:NAME</c> of the
/// configuration has the last word. Checked when the warmers are first used, at the latest when the host starts.
/// </summary>
/// <remarks>A schedule runs on every process that has one: with several nodes, each warms its own memory. Use <see cref="Spread"/> to keep them apart.</remarks>
public sealed class CacheWarmerPlan
{
    /// <summary>Whether the start of the host and the schedule run it; false leaves running it on demand. Default true, or what <c>ENABLE_BACKGROUND_WARMING</c> says.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Which goes first when several are due, or all are run. Default <see cref="CacheWarmingPriority.Medium"/>.</summary>
    public CacheWarmingPriority Priority { get; set; } = CacheWarmingPriority.Medium;

    /// <summary>Runs it once after the start of the host, which does not wait for it. Default false.</summary>
    public bool OnStart { get; set; }

    /// <summary>How long after the start of the host. From 0 to 1 day; default 5 seconds.</summary>
    public TimeSpan StartDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the process counts as not ready until the run after the start has ended, well or badly (<see cref="CacheWarming.IsReady"/>). Needs <see cref="OnStart"/>. Default false.</summary>
    public bool RequiredForReadiness { get; set; }

    /// <summary>Runs it again and again, this long after its last run began. From 1 second to 30 days; null, the default: not. Not together with <see cref="DailyAt"/>.</summary>
    public TimeSpan? Interval { get; set; }

    /// <summary>Runs it daily at this time in <see cref="TimeZone"/>; where a change of the clocks skips that time, when they have been changed. Null, the default: not.</summary>
    public TimeOnly? DailyAt { get; set; }

    /// <summary>The time zone of <see cref="DailyAt"/>, as <see cref="TimeZoneInfo.FindSystemTimeZoneById"/> knows it. Default UTC.</summary>
    public string TimeZone { get; set; } = "UTC";

    /// <summary>By how much chance may delay each scheduled run, so that nodes do not ask the source all at once. From 0, the default, to 1 hour.</summary>
    public TimeSpan Spread { get; set; }

    /// <summary>The candidates that one call of the loader gets. From 1 to 1,000; default 50.</summary>
    public int BatchSize { get; set; } = 50;

    /// <summary>The batches that are loaded at once, and the users that a warmer per user is run for at once on demand. From 1 to 64; default 5.</summary>
    public int MaximumConcurrency { get; set; } = 5;

    /// <summary>How often a batch, or the search for candidates, is tried in all. From 1 to 10; default 3.</summary>
    public int Attempts { get; set; } = 3;

    /// <summary>The wait before the second attempt; it doubles with each further one, and chance takes up to half of it away. From 0 to 1 hour; default 1 second.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait between attempts. From 0 to 1 hour; default 30 seconds.</summary>
    public TimeSpan MaximumRetryDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one attempt at a batch may take; then its token is cancelled and the attempt has failed. From 1 ms to 1 day; default 1 minute.</summary>
    public TimeSpan BatchTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a run may take; then it ends as failed, or as partial if it has filled something. From 1 ms to 1 day; default 10 minutes.</summary>
    public TimeSpan RunTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The entries that one run may fill; of more candidates, the least active are left out. From 1 to 1 million; default 10,000.</summary>
    public int EntryBudget { get; set; } = 10_000;

    /// <summary>The bytes that one run may fill, by what the candidates say they weigh. From 1 to 1 TiB; null, the default: as many as the cache holds.</summary>
    public long? ByteBudget { get; set; }

    /// <summary>The candidates that one run looks at; the search ends there, and the log says so. From 1 to 10 million; default 100,000.</summary>
    public int CandidateLimit { get; set; } = 100_000;

    /// <summary>The entries that one run may fill per second, at most, so that the source and other readers keep their share. From 0.1 to 1 million; null: no limit. Default 500.</summary>
    public double? EntriesPerSecond { get; set; } = 500;

    /// <summary>
    /// The share of the cache, from 0 to 1, that a run may evict to make room; the run stops before a batch that could exceed it. Whatever is evicted
    /// during the run counts, whoever caused it. Default 0.05.
    /// </summary>
    public double EvictionShare { get; set; } = 0.05;

    /// <summary>
    /// For a warmer that is registered per user: which users a scheduled run, and a run without a user, is for; the most active first, as only the
    /// first 10,000 are taken. Null, the default: it runs for one user at a time, on demand.
    /// </summary>
    public Func<IServiceProvider, CancellationToken, IAsyncEnumerable<string>>? Users { get; set; }

    /// <summary>How long before the turn of each hour it runs; null: it does not.</summary>
    internal TimeSpan? BeforeHour { get; set; }
}
