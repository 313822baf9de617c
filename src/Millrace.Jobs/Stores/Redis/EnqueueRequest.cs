namespace Millrace.Jobs.Stores.Redis;

/// <summary>Jobs of one queue on their way to the server, whole or not at all.</summary>
internal sealed class EnqueueRequest
{
    private readonly TaskCompletionSource<EnqueueOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _taken;
    private JobNotReplicatedException? _shortage;

    public EnqueueRequest(IReadOnlyList<NewJob> jobs, int maximumQueueLength)
    {
        (Jobs, MaximumQueueLength) = (jobs, maximumQueueLength);
        IsPlain = true;
        Bodies = new byte[jobs.Count][];
        for (var i = 0; i < Bodies.Length; i++)
        {
            var job = jobs[i];
            IsPlain &= job is { Priority: 0, Delay: null, At: null, Unique: null, Group: null, Tags.Count: 0 };
            Bodies[i] = JobBody.Write(job);
            Bytes += Bodies[i].Length;
        }
    }

    public IReadOnlyList<NewJob> Jobs { get; }

    /// <summary>The jobs as the script takes them; written on the caller's thread.</summary>
    public byte[][] Bodies { get; }

    /// <summary>How long they are together.</summary>
    public long Bytes { get; }

    /// <summary>Whether all jobs just wait in the line: due now, of priority 0, without tags, a unique key or a group.</summary>
    public bool IsPlain { get; }

    public int MaximumQueueLength { get; }

    public Task<EnqueueOutcome> Completion => _completion.Task;

    /// <summary>True for whoever calls first: the line that sends it, or its caller who gives up.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _taken, 1) == 0;

    /// <summary>Says how many replicas have the jobs that the server has stored; before <see cref="Succeed"/>.</summary>
    public void Confirm(ReplicaWish wish, int confirmed) => _shortage = wish.Shortage(Jobs, confirmed);

    public void Succeed(EnqueueOutcome outcome)
    {
        if (_shortage is not null && outcome.FullQueue is null)
        {
            _completion.TrySetException(_shortage);
        }
        else
        {
            _completion.TrySetResult(outcome);
        }
    }

    public void Fail(Exception error) => _completion.TrySetException(error);

    public void Cancel(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);
}
