using System.Text.Json.Nodes;
using Millrace.Jobs.Payloads;

namespace Millrace.Jobs;

/// <summary>What holds for every job of one type unless an enqueue says otherwise. Set while services are registered.</summary>
public sealed class JobDefaults
{
    private readonly List<string> _tags = [];
    private readonly List<string> _formerNames = [];

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

    internal Func<object, string?>? GroupValue { get; private set; }

    internal IReadOnlyList<string> FormerNames => _formerNames;

    internal PayloadVersions Versions { get; } = new();

    /// <summary>Also runs the jobs that are stored under this name, from before the job was called otherwise. May be used several times.</summary>
    public JobDefaults FormerName(string jobName)
    {
        _formerNames.Add(JobValidation.Name(jobName, "job"));
        return this;
    }

    /// <summary>Says that the payload's form has changed, and how one of the form before becomes one of the next: jobs that wait are read through it. New jobs say of
    /// which version they are, 1 before any change; a worker that knows only older ones leaves them to others for the first hour of their life, and fails the attempt
    /// after that. Fields that are only added need none of this.</summary>
    /// <param name="fromVersion">The version that it takes; changes are added in order, the first from 1.</param>
    /// <param name="upgrade">Gets the payload, which it may change, and returns the next version's.</param>
    /// <exception cref="ArgumentOutOfRangeException">The version is not the next one in order.</exception>
    public JobDefaults Upgrade(int fromVersion, Func<JsonNode, JsonNode> upgrade)
    {
        ArgumentNullException.ThrowIfNull(upgrade);
        Versions.Add(fromVersion, upgrade);
        return this;
    }

    /// <summary>Says which group of its queue a job belongs to (<see cref="EnqueueOptions.Group"/>), such as the tenant that its payload names.</summary>
    /// <typeparam name="TJob">The job's type.</typeparam>
    /// <param name="group">Gets the job as it is enqueued; null for none. Called on the enqueuing thread, by several at once.</param>
    public JobDefaults Group<TJob>(Func<TJob, string?> group)
        where TJob : notnull
    {
        ArgumentNullException.ThrowIfNull(group);
        GroupValue = job => job is TJob own
            ? group(own)
            : throw new ArgumentException($"The group of this job is chosen from a {typeof(TJob)}, but the job is a {job.GetType()}. Give JobDefaults.Group the type that is enqueued.", nameof(job));
        return this;
    }

    /// <summary>Adds a tag that every job of the type carries.</summary>
    public JobDefaults Tag(string tag)
    {
        JobValidation.AddTag(_tags, tag);
        return this;
    }
}
