namespace Millrace.Jobs;

/// <summary>What holds for every job of one type unless an enqueue says otherwise. Set while services are registered.</summary>
public sealed class JobDefaults
{
    private readonly List<string> _tags = [];

    /// <summary>The queue; null for <c>default</c>.</summary>
    public string? Queue
    {
        get;
        set => field = value is null ? null : JobValidation.Name(value, "queue");
    }

    /// <summary>Priority within the queue, -1,000 to 1,000. Default 0.</summary>
    public int Priority
    {
        get;
        set => field = JobValidation.Priority(value);
    }

    /// <summary>How often a job may be started, 1 to 1,000; null for <see cref="JobsOptions.MaxAttempts"/>.</summary>
    public int? MaxAttempts
    {
        get;
        set => field = value is null ? null : JobValidation.Attempts(value.Value);
    }

    /// <summary>How long one attempt may take; null for <see cref="JobsOptions.Timeout"/>.</summary>
    public TimeSpan? Timeout
    {
        get;
        set => field = value is null ? null : JobValidation.Timeout(value.Value);
    }

    /// <summary>When to try again after a failure; null for <see cref="JobsOptions.Retry"/>.</summary>
    public RetryPolicy? Retry { get; set; }

    internal IReadOnlyList<string> Tags => _tags;

    /// <summary>Adds a tag that every job of the type carries.</summary>
    public JobDefaults Tag(string tag)
    {
        JobValidation.AddTag(_tags, tag);
        return this;
    }
}
