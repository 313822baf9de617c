namespace Millrace.Caching.WriteBehind.Sql;

/// <summary>One operation on its way to the writer. It is taken once, by the writer or by its caller's cancellation, whichever comes first.</summary>
internal abstract class WriteRequest
{
    private int _taken;

    /// <summary>True for whoever calls first.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _taken, 1) == 0;

    /// <summary>Does the work and keeps the result; may run again when a transaction was lost.</summary>
    public abstract ValueTask RunAsync(WriteSession session);

    /// <summary>The work is committed.</summary>
    public abstract void Succeed();

    /// <summary>The work is undone.</summary>
    public abstract void Fail(Exception exception);
}

/// <summary>An operation with a result.</summary>
internal sealed class WriteRequest<T>(Func<WriteSession, ValueTask<T>> run) : WriteRequest
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Completion => _completion.Task;

    public override async ValueTask RunAsync(WriteSession session) => _result = await run(session).ConfigureAwait(false);

    public override void Succeed() => _completion.TrySetResult(_result!);

    public override void Fail(Exception exception) => _completion.TrySetException(exception);

    /// <summary>Gives up, unless the writer has begun.</summary>
    public void Cancel(CancellationToken cancellationToken)
    {
        if (TryTake())
        {
            _completion.TrySetCanceled(cancellationToken);
        }
    }
}
