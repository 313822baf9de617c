namespace Millrace.Jobs;

/// <summary>How one enqueue differs from the defaults of its job. Every method returns the same object.</summary>
/// <remarks>Used within one call to <see cref="JobClient"/>; not thread-safe.</remarks>
public sealed class EnqueueOptions
{
    private readonly List<string> _tags = [];
    private Dictionary<string, string>? _metadata;

    internal string? IdValue { get; private set; }

    internal string? QueueValue { get; private set; }

    internal TimeSpan? DelayValue { get; private set; }

    internal DateTimeOffset? AtValue { get; private set; }

    internal int? PriorityValue { get; private set; }

    internal int? MaxAttemptsValue { get; private set; }

    internal TimeSpan? TimeoutValue { get; private set; }

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

    /// <summary>Adds a text that travels with the job and that its handler can read, such as the tenant it is for; at most 16 per job, a name of at
    /// most 100 and a value of at most 1,000 characters. The same name again replaces the value. Operators can see it: no secrets.</summary>
    public EnqueueOptions Metadata(string name, string value)
    {
        JobValidation.AddMetadata(_metadata ??= new(StringComparer.Ordinal), name, value);
        return this;
    }
}
