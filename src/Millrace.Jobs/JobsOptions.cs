using System.Text.Json;

namespace Millrace.Jobs;

/// <summary>Settings of the job engine in this process; validated when the host starts.</summary>
public sealed class JobsOptions
{
    /// <summary>The queue of jobs that name none.</summary>
    public const string DefaultQueue = "default";

    /// <summary>How many jobs of the <see cref="DefaultQueue"/> this process runs at once. Default: four per core, at most 20.</summary>
    public int DefaultConcurrency { get; set; } = Math.Min(20, 4 * Environment.ProcessorCount);

    /// <summary>Whether this process runs jobs; false for one that only enqueues. Default true.</summary>
    public bool RunWorkers { get; set; } = true;

    /// <summary>Whether this process fires schedules. Any number of processes may: each tick is fired once. Default true.</summary>
    public bool RunSchedules { get; set; } = true;

    /// <summary>Largest payload, in bytes of JSON. Default 256 KiB, at most 64 MiB.</summary>
    public int MaximumPayloadBytes { get; set; } = 256 * 1024;

    /// <summary>Most pending and blocked jobs in one queue; an enqueue beyond it is refused with <see cref="JobQueueFullException"/>. Default 1,000,000.</summary>
    public int MaximumQueueLength { get; set; } = 1_000_000;

    /// <summary>Attempts of a job that does not say. Default 10: with <see cref="RetryPolicy.Default"/> about 40 minutes from the first to the last.</summary>
    public int MaxAttempts { get; set; } = 10;

    /// <summary>Time of one attempt of a job that does not say; null for no limit. Default one hour.</summary>
    public TimeSpan? Timeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>When to try again after a failure, for jobs that do not say.</summary>
    public RetryPolicy Retry { get; set; } = RetryPolicy.Default;

    /// <summary>How long the store trusts a worker that is silent. A crashed worker's jobs run again after this plus <see cref="SweepInterval"/>;
    /// the heartbeat is sent every third of it. Default 30 s, from 1 s to 1 hour.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the store is asked for work that nothing in this process announced, such as jobs that another process put into a
    /// shared file. Default 5 s.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often dead workers' jobs are taken back and old jobs removed. Default 10 s.</summary>
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a stopping worker waits for running jobs before it cancels them and gives them back. Keep it below the host's own
    /// shutdown timeout (30 s by default). Default 25 s.</summary>
    public TimeSpan DrainGrace { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>How long completed jobs stay to be seen. Default a day, at most 10,000.</summary>
    public JobRetention CompletedRetention { get; set; } = new(TimeSpan.FromDays(1), 10_000);

    /// <summary>How long cancelled jobs stay to be seen. Default a day, at most 10,000.</summary>
    public JobRetention CancelledRetention { get; set; } = new(TimeSpan.FromDays(1), 10_000);

    /// <summary>How long dead jobs stay to be seen and replayed. Default 30 days, at most 100,000.</summary>
    public JobRetention DeadRetention { get; set; } = new(TimeSpan.FromDays(30), 100_000);

    /// <summary>Regular expressions of what must not be kept in error texts; each match is replaced by <c>***</c>, between
    /// its groups named <c>keep</c> and <c>tail</c> when the pattern has them. Matched without backtracking, so that no error text can stall a worker;
    /// patterns that need backtracking are refused at start. Default: the values of password, secret, token, API key and authorization.</summary>
    public IList<string> ScrubPatterns { get; } = [.. Retrying.ErrorScrubber.DefaultPatterns];

    /// <summary>How payloads and results are written and read. Default: <see cref="JsonSerializerDefaults.Web"/>.</summary>
    public JsonSerializerOptions Json { get; set; } = new(JsonSerializerDefaults.Web);
}
