namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>One enqueue on its way. It is taken once, by the line or by its caller's cancellation, whichever comes first.</summary>
internal sealed class EnqueueRequest(IReadOnlyList<NewJob> jobs, int maximum)
{
    private readonly TaskCompletionSource<EnqueueOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _taken;

    public IReadOnlyList<NewJob> Jobs => jobs;

    /// <summary>The queue's bound.</summary>
    public int Maximum => maximum;

    /// <summary>Completes with what became of it.</summary>
    public Task<EnqueueOutcome> Completion => _completion.Task;

    /// <summary>True for whoever calls first.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _taken, 1) == 0;

    public bool CanShare(EnqueueRequest other) => jobs[0].Queue == other.Jobs[0].Queue && maximum == other.Maximum;

    public void Succeed(EnqueueOutcome outcome) => _completion.TrySetResult(outcome);

    public void Fail(Exception error) => _completion.TrySetException(error);

    /// <summary>Gives up, unless the line has begun.</summary>
    public void Cancel(CancellationToken cancellationToken)
    {
        if (TryTake())
        {
            _completion.TrySetCanceled(cancellationToken);
        }
    }
}
