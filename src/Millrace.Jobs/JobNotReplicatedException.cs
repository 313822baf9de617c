namespace Millrace.Jobs;

/// <summary>Jobs were stored, but not as many replicas have confirmed them in time as <see cref="RedisJobsOptions.Replicas"/> demands: a failover now may lose them, else they run.
/// Enqueued again with the same ids (<see cref="EnqueueOptions.Id"/>) they are not stored twice, and are confirmed.</summary>
public sealed class JobNotReplicatedException : Exception
{
    /// <summary>With a general message.</summary>
    public JobNotReplicatedException()
        : base("The jobs are stored, but not enough replicas have confirmed them.")
    {
    }

    /// <summary>With a message.</summary>
    public JobNotReplicatedException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public JobNotReplicatedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal JobNotReplicatedException(IReadOnlyList<string> ids, int expected, int confirmed)
        : base($"{ids.Count} jobs{(ids.Count == 0 ? "" : $" ({ids[0]}{(ids.Count > 1 ? ", …" : "")})")} are stored, but only {confirmed} of {expected} replicas have confirmed them in time (RedisJobsOptions.Replicas, ReplicaTimeout). They run unless a failover loses them. Look at the replicas; enqueue again with the same ids to have them confirmed.") =>
        (Ids, Confirmed) = (ids, confirmed);

    /// <summary>The jobs' ids, in the order of the call.</summary>
    public IReadOnlyList<string> Ids { get; } = [];

    /// <summary>How many replicas have confirmed them; 0 also when that is not known.</summary>
    public int Confirmed { get; }
}
