namespace Millrace.Jobs;

/// <summary>Jobs that wait for others.</summary>
public sealed partial class JobClient
{
    /// <summary>Enqueues a flow in one step: all of its jobs, or none when this throws. Jobs that wait for others of the flow run once those have ended as they should.</summary>
    /// <param name="flow">The flow. Enqueueing the same one again, after an error for example, adds only what the store does not hold.</param>
    /// <param name="cancellationToken">Gives up before the jobs are stored, or not at all.</param>
    /// <returns>The ids, in the order in which the jobs were added.</returns>
    /// <exception cref="ArgumentException">A payload is too large.</exception>
    /// <exception cref="InvalidOperationException">No handler is registered for a job's type; or a job waits for one that the store does not hold.</exception>
    /// <exception cref="JobQueueFullException">One of the queues is full.</exception>
    public async ValueTask<IReadOnlyList<string>> EnqueueFlowAsync(JobFlow flow, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(flow);
        if (flow.Steps.Count == 0)
        {
            return [];
        }

        var jobs = new NewJob[flow.Steps.Count];
        for (var i = 0; i < jobs.Length; i++)
        {
            var step = flow.Steps[i];
            if (step.Stored is null)
            {
                var others = await FindAsync(step.Wish.AfterValue, cancellationToken).ConfigureAwait(false);
                step.Stored = Link(_factory.Create(step.Job, step.Wish), step.Prerequisites.Select(static before => before.Address).Concat(others), step.Wish);
            }

            jobs[i] = step.Stored;
        }

        await StoreAsync(jobs, PutFlowAsync, cancellationToken).ConfigureAwait(false);
        return Array.ConvertAll(jobs, static job => job.Id);
    }

    /// <summary>What a job waits for, with how that ended, and what waits for it; null when the store does not hold the job (any more).</summary>
    public ValueTask<JobLinks?> GetLinksAsync(string id, CancellationToken cancellationToken = default) => _store.GetLinksAsync(JobValidation.Id(id), cancellationToken);

    /// <summary>Where the jobs are that one is to wait for.</summary>
    private async ValueTask<IReadOnlyList<JobAddress>> FindAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        if (_transaction is not null && ids.Count > 0)
        {
            // Its row would be locked until the transaction ends, and its worker would wait for that.
            throw new NotSupportedException(
                $"A job that is enqueued in a transaction can wait for jobs of its own flow only, not for '{ids[0]}'. Enqueue both as one JobFlow, or this one after the commit.");
        }

        var found = new List<JobAddress>(ids.Count);
        foreach (var id in ids)
        {
            var job = await _store.GetAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new InvalidOperationException(
                $"There is no job '{id}' to wait for (any more): completed jobs are removed in time (JobsOptions.CompletedRetention). Enqueue both as one JobFlow.");
            found.Add(new JobAddress(job.Queue, id));
        }

        return found;
    }

    private static NewJob Link(NewJob job, IEnumerable<JobAddress> after, EnqueueOptions wish)
    {
        JobAddress[] before = [.. after.Distinct()];
        return before.Length <= JobLimits.MaximumPrerequisites
            ? job with { After = before, Condition = wish.ConditionValue }
            : throw new ArgumentException($"A job waits for at most {JobLimits.MaximumPrerequisites} others; this one would for {before.Length}. Let jobs in between collect them.", nameof(wish));
    }

    /// <summary>Stores one job that waits for others.</summary>
    private async ValueTask<string> StoreAfterAsync(NewJob job, EnqueueOptions wish, CancellationToken cancellationToken)
    {
        if (wish.UniqueValue is not null)
        {
            throw new ArgumentException("A job that waits for others has no unique key. Give it an id of your own to enqueue it once.", nameof(wish));
        }

        var others = await FindAsync(wish.AfterValue, cancellationToken).ConfigureAwait(false);
        await StoreAsync([Link(job, others, wish)], PutFlowAsync, cancellationToken).ConfigureAwait(false);
        return job.Id;
    }
}
