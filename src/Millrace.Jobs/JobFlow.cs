namespace Millrace.Jobs;

/// <summary>Jobs that are enqueued together and of which some wait for others: chains, parents with children, batches with callbacks.</summary>
/// <remarks>
/// <code>
/// var flow = new JobFlow();
/// var charge = flow.Add(new ChargeCard(order));
/// var pack = flow.Add(new PackOrder(order));
/// flow.Add(new ShipOrder(order)).After(charge, pack);
/// flow.Add(new TellSupport(order)).After(charge, pack).When(JobCondition.AnyFailed);
/// await jobs.EnqueueFlowAsync(flow);
/// </code>
/// <para>Not thread-safe. A flow that is enqueued again is the same flow: its jobs keep their ids.</para>
/// </remarks>
public sealed partial class JobFlow
{
    private readonly List<JobFlowStep> _steps = [];

    /// <summary>The jobs, in the order in which they were added.</summary>
    public IReadOnlyList<JobFlowStep> Steps => _steps;

    /// <summary>Adds a job.</summary>
    /// <param name="job">The job; its type has a handler registered under a name.</param>
    /// <param name="configure">How it differs from the defaults of its type; null for not at all. A delay begins when the job need not wait for others any more. Unique keys have
    /// no place in a flow.</param>
    /// <returns>The job's step, to say what it waits for and to let others wait for it.</returns>
    /// <exception cref="InvalidOperationException">The flow has 1,000 jobs already.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or sets a unique key.</exception>
    public JobFlowStep Add<TJob>(TJob job, Action<EnqueueOptions>? configure = null)
        where TJob : notnull
    {
        ArgumentNullException.ThrowIfNull(job);
        var wish = new EnqueueOptions();
        configure?.Invoke(wish);
        if (wish.UniqueValue is not null)
        {
            throw new ArgumentException("A job of a flow has no unique key: those that wait for it would wait for one that was kept out. Give it an id of your own to enqueue it once.", nameof(configure));
        }

        if (_steps.Count == JobLimits.MaximumFlow)
        {
            throw new InvalidOperationException($"A flow holds at most {JobLimits.MaximumFlow} jobs. Enqueue several flows, whose last jobs wait for each other (EnqueueOptions.After).");
        }

        var step = new JobFlowStep(this, _steps.Count, job, wish);
        _steps.Add(step);
        return step;
    }
}
