namespace Millrace.Jobs;

/// <summary>How one enqueue differs from the defaults of its job. Every method returns the same object.</summary>
/// <remarks>Used within one call to <see cref="JobClient"/>; not thread-safe.</remarks>
public sealed class EnqueueOptions
{
    private readonly List<string> _tags = [];
    private readonly List<string> _after = [];
    private Dictionary<string, string>? _metadata;

    internal string? IdValue { get; private set; }

    internal string? GroupValue { get; private set; }

    internal string? QueueValue { get; private set; }

    internal TimeSpan? DelayValue { get; private set; }

    internal DateTimeOffset? AtValue { get; private set; }

    internal int? PriorityValue { get; private set; }

    internal int? MaxAttemptsValue { get; private set; }

    internal TimeSpan? TimeoutValue { get; private set; }

    internal JobUniqueness? UniqueValue { get; private set; }

    internal IReadOnlyList<string> AfterValue => _after;

    internal JobCondition ConditionValue { get; private set; }

    internal IReadOnlyList<string> Tags => _tags;

    internal IReadOnlyDictionary<string, string>? MetadataValue => _metadata;

    /// <summary>The job's id, to enqueue it once however often the call is repeated: while the store still holds a job of this id, nothing
    /// is added. Default: a new one that sorts by time.</summary>
    public EnqueueOptions Id(string id)
    {
        IdValue = JobValidation.Id(id);
        return this;
    }

    /// <summary>The queue. Default: the job's, else <c>default</c>.</summary>
    public EnqueueOptions Queue(string queue)
    {
        QueueValue = JobValidation.Name(queue, "queue");
        return this;
    }

    /// <summary>Puts the job into a group of its queue, such as a tenant: groups take turns, however many jobs each has, and may have limits
    /// (<see cref="QueueOptions.GroupConcurrency"/>, <see cref="QueueOptions.GroupRate"/>). Priority orders the jobs of a group. Default: the
    /// job's (<see cref="JobDefaults.Group"/>), else none; the jobs without a group take their turn together, as one group does.</summary>
    /// <param name="group">1 to 100 characters. A group needs no set-up, and leaves nothing behind when it is idle.</param>
    public EnqueueOptions Group(string group)
    {
        GroupValue = JobValidation.Name(group, "group");
        return this;
    }

    /// <summary>Runs no earlier than this long from now. Replaces <see cref="At"/>.</summary>
    public EnqueueOptions Delay(TimeSpan delay)
    {
        DelayValue = JobValidation.Duration(delay, "delay");
        AtValue = null;
        return this;
    }

    /// <summary>Runs no earlier than this instant; one that has passed means now. Replaces <see cref="Delay"/>.</summary>
    public EnqueueOptions At(DateTimeOffset at)
    {
        AtValue = at.ToUniversalTime();
        DelayValue = null;
        return this;
    }

    /// <summary>Higher runs first within the queue; from -1,000 to 1,000. Default: the job's, else 0.</summary>
    public EnqueueOptions Priority(int priority)
    {
        PriorityValue = JobValidation.Priority(priority);
        return this;
    }

    /// <summary>How often the job may be started, 1 to 1,000. Default: the job's, else <see cref="JobsOptions.MaxAttempts"/>.</summary>
    public EnqueueOptions MaxAttempts(int attempts)
    {
        MaxAttemptsValue = JobValidation.Attempts(attempts);
        return this;
    }

    /// <summary>How long one attempt may take. Default: the job's, else <see cref="JobsOptions.Timeout"/>.</summary>
    public EnqueueOptions Timeout(TimeSpan timeout)
    {
        TimeoutValue = JobValidation.Timeout(timeout);
        return this;
    }

    /// <summary>Adds a word to find the job by; at most 16 per job, 100 characters each. The same tag twice counts once.</summary>
    public EnqueueOptions Tag(string tag)
    {
        JobValidation.AddTag(_tags, tag);
        return this;
    }

    /// <summary>Enqueues nothing while a job of the queue with this key is pending or running: the call then returns that job's id.</summary>
    /// <param name="key">1 to 200 characters; jobs of other queues have keys of their own.</param>
    /// <param name="until">How long the job holds its key; <see cref="UniqueUntil.Started"/> lets one more wait while one runs. For a time, see
    /// <see cref="Throttle"/>.</param>
    public EnqueueOptions Unique(string key, UniqueUntil until = UniqueUntil.Ended)
    {
        if (until is not (UniqueUntil.Ended or UniqueUntil.Started))
        {
            throw new ArgumentOutOfRangeException(nameof(until), until, "A job holds its unique key until it has ended or until it starts; use Throttle for a time.");
        }

        UniqueValue = JobValidation.Unique(key, until);
        return this;
    }

    /// <summary>Runs the last of several enqueues once it has been quiet for a while: while a job with this key has not started, another one
    /// with it is not added, but gives that job its payload and metadata and lets its delay begin anew.</summary>
    /// <param name="key">1 to 200 characters; jobs of other queues have keys of their own.</param>
    /// <param name="quiet">How long nothing more must come. It is the job's <see cref="Delay"/>.</param>
    public EnqueueOptions Debounce(string key, TimeSpan quiet)
    {
        Delay(quiet);
        UniqueValue = JobValidation.Unique(key, UniqueUntil.Started, replace: true);
        return this;
    }

    /// <summary>Enqueues at most one job with this key in a time, whatever becomes of it; the call returns the id of the one that was enqueued.</summary>
    /// <param name="key">1 to 200 characters; jobs of other queues have keys of their own.</param>
    /// <param name="period">How long the key is held, from the enqueue on; a millisecond to ten years.</param>
    public EnqueueOptions Throttle(string key, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.FromMilliseconds(1));
        UniqueValue = JobValidation.Unique(key, UniqueUntil.Elapsed, JobValidation.Duration(period, "period"));
        return this;
    }

    /// <summary>Lets the job wait until others have ended that were enqueued before; a <see cref="Delay"/> begins then. Of one that has ended already it learns at once. Jobs that
    /// are enqueued together are better a <see cref="JobFlow"/>.</summary>
    /// <param name="ids">Those jobs, at most 1,000 in all; the store still holds them.</param>
    public EnqueueOptions After(params IEnumerable<string> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        _after.AddRange(ids.Select(JobValidation.Id));
        return this;
    }

    /// <summary>Says how the jobs that this one waits for must end for it to run. Default <see cref="JobCondition.AllCompleted"/>.</summary>
    public EnqueueOptions When(JobCondition condition)
    {
        ConditionValue = Enum.IsDefined(condition) ? condition : throw new ArgumentOutOfRangeException(nameof(condition), condition, "There is no such condition.");
        return this;
    }

    /// <summary>Adds a text that travels with the job and that its handler can read, such as the tenant it is for; at most 16 per job, a name of at
    /// most 100 and a value of at most 1,000 characters. The same name again replaces the value. Operators can see it: no secrets.</summary>
    public EnqueueOptions Metadata(string name, string value)
    {
        JobValidation.AddMetadata(_metadata ??= new(StringComparer.Ordinal), name, value);
        return this;
    }
}
