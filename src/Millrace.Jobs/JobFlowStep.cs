namespace Millrace.Jobs;

/// <summary>One job of a <see cref="JobFlow"/>. Not thread-safe.</summary>
public sealed class JobFlowStep
{
    private readonly JobFlow _flow;
    private readonly int _index;
    private readonly List<JobFlowStep> _after = [];

    internal JobFlowStep(JobFlow flow, int index, object job, EnqueueOptions wish) => (_flow, _index, Job, Wish) = (flow, index, job, wish);

    /// <summary>The job's id.</summary>
    /// <exception cref="InvalidOperationException">The flow was not enqueued yet.</exception>
    public string Id => Stored?.Id ?? Wish.IdValue ?? throw new InvalidOperationException("The job has an id once its flow was enqueued; or give it one of your own (EnqueueOptions.Id).");

    internal object Job { get; }

    internal EnqueueOptions Wish { get; }

    /// <summary>The job as it was made at the first enqueue of its flow, and stays: so a flow that is enqueued again is the same; null before.</summary>
    internal NewJob? Stored { get; set; }

    internal JobAddress Address => new(Stored!.Queue, Stored.Id);

    internal IReadOnlyList<JobFlowStep> Prerequisites => _after;

    /// <summary>Lets the job wait for others of its flow that were added before it.</summary>
    /// <param name="steps">Those jobs; one that is named twice counts once.</param>
    /// <returns>This step.</returns>
    /// <exception cref="ArgumentException">One is of another flow, or was added later.</exception>
    public JobFlowStep After(params IEnumerable<JobFlowStep> steps)
    {
        ArgumentNullException.ThrowIfNull(steps);
        foreach (var step in steps)
        {
            if (step._flow != _flow || step._index >= _index)
            {
                throw new ArgumentException("A job waits for others of its own flow, and for such as were added before it. For a job that was enqueued earlier use EnqueueOptions.After.", nameof(steps));
            }

            if (!_after.Contains(step))
            {
                _after.Add(step);
            }
        }

        return this;
    }

    /// <summary>Says how those that the job waits for must end for it to run. Default <see cref="JobCondition.AllCompleted"/>.</summary>
    /// <returns>This step.</returns>
    public JobFlowStep When(JobCondition condition)
    {
        Wish.When(condition);
        return this;
    }
}
