namespace Millrace.Jobs;

/// <summary>The fixed limits that every store can rely on; <see cref="JobClient"/> and the workers enforce them before a store is called.</summary>
public static class JobLimits
{
    /// <summary>Longest job id, in characters.</summary>
    public const int MaximumIdLength = 100;

    /// <summary>Longest name of a queue, a job type, a schedule, a group or a worker, in characters.</summary>
    public const int MaximumNameLength = 100;

    /// <summary>Most tags on one job.</summary>
    public const int MaximumTags = 16;

    /// <summary>Longest tag, in characters.</summary>
    public const int MaximumTagLength = 100;

    /// <summary>Most entries in one job's metadata.</summary>
    public const int MaximumMetadata = 16;

    /// <summary>Longest name in a job's metadata, in characters.</summary>
    public const int MaximumMetadataNameLength = 100;

    /// <summary>Longest value in a job's metadata, in characters.</summary>
    public const int MaximumMetadataValueLength = 1_000;

    /// <summary>Longest unique key, in characters.</summary>
    public const int MaximumUniqueKeyLength = 200;

    /// <summary>Longest error text kept with a job, in characters; longer ones are cut.</summary>
    public const int MaximumErrorLength = 8_192;

    /// <summary>Longest progress message, in characters; longer ones are cut.</summary>
    public const int MaximumProgressMessageLength = 500;

    /// <summary>Most lines that are kept of what a job has logged: the last ones.</summary>
    public const int MaximumLogLines = 100;

    /// <summary>Longest line in a job's log, in characters; longer ones are cut.</summary>
    public const int MaximumLogLineLength = 1_000;

    /// <summary>Lowest priority.</summary>
    public const int MinimumPriority = -1_000;

    /// <summary>Highest priority.</summary>
    public const int MaximumPriority = 1_000;

    /// <summary>Most attempts that a job may be given.</summary>
    public const int MaximumAttempts = 1_000;

    /// <summary>Most jobs in one enqueue.</summary>
    public const int MaximumEnqueueBatch = 10_000;

    /// <summary>Most jobs in one claim, finish, sweep, replay or delete.</summary>
    public const int MaximumBatch = 1_000;

    /// <summary>Most jobs in one flow.</summary>
    public const int MaximumFlow = 1_000;

    /// <summary>Most jobs that one job may wait for.</summary>
    public const int MaximumPrerequisites = 1_000;

    /// <summary>Most bytes of results that are kept with a job of those that it waits for; results beyond are left out.</summary>
    public const int MaximumLinkResults = 1_048_576;

    /// <summary>Most jobs on one page of a list.</summary>
    public const int MaximumPageSize = 500;

    /// <summary>Most queues that one worker serves.</summary>
    public const int MaximumQueues = 1_000;

    /// <summary>Most schedules that one store may hold.</summary>
    public const int MaximumSchedules = 10_000;
}
