namespace Millrace.Caching.Flight;

/// <summary>Tells those who wait for another reader's value that their key has changed. Thread-safe.</summary>
internal sealed class ChangeSignal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many listen; guarded by <see cref="ChangeSignals"/>.</summary>
    public int Listeners { get; set; }

    /// <summary>Ends with the next change after it was asked for.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Fire() => Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
