namespace Millrace.Jobs.Stores.Redis;

/// <summary>Jobs of one queue on their way to the server, whole or not at all.</summary>
internal sealed class EnqueueRequest(IReadOnlyList<NewJob> jobs, int maximumQueueLength)
{
    private readonly TaskCompletionSource<EnqueueOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _taken;

    public IReadOnlyList<NewJob> Jobs { get; } = jobs;

    /// <summary>The jobs as the script takes them; written on the caller's thread.</summary>
    public IReadOnlyList<byte[]> Bodies { get; } = [.. jobs.Select(JobBody.Write)];

    public int MaximumQueueLength { get; } = maximumQueueLength;

    public Task<EnqueueOutcome> Completion => _completion.Task;

    /// <summary>True for whoever calls first: the line that sends it, or its caller who gives up.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _taken, 1) == 0;

    public void Succeed(EnqueueOutcome outcome) => _completion.TrySetResult(outcome);

    public void Fail(Exception error) => _completion.TrySetException(error);

    public void Cancel(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);
}
