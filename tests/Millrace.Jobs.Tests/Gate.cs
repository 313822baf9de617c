namespace Millrace.Jobs.Tests;

/// <summary>A signal that a test gives or waits for.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _open.TrySetResult();

    public Task WaitAsync(CancellationToken cancellationToken = default) => _open.Task.WaitAsync(Engine.Guard, TimeProvider.System, cancellationToken);
}
