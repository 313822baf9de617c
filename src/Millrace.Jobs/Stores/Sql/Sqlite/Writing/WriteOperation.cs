namespace Millrace.Jobs.Stores.Sql.Sqlite.Writing;

/// <summary>A <see cref="WriteRequest"/> with a result.</summary>
internal sealed class WriteOperation<T>(Func<WriteSession, ValueTask<T>> run) : WriteRequest
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    /// <summary>Completes when the work is committed or undone.</summary>
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
