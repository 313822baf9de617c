using System.Threading.Tasks.Sources;

namespace Millrace.Redis.Connection;

/// <summary>An operation with a result. Pooled: what its <see cref="Task"/> gives has to be awaited once.</summary>
internal sealed class RedisOperation<T> : RedisOperation, IValueTaskSource<T>
{
    private ReplySource<T> _core;
    private ReplyParser<T> _parser = null!;

    /// <summary>What the caller awaits, once.</summary>
    public ValueTask<T> Task => new(this, _core.Version);

    /// <summary>Takes one from the pool.</summary>
    public static RedisOperation<T> Rent(ReplyParser<T> parser)
    {
        var operation = OperationPool<T>.Shared.TryTake() ?? new RedisOperation<T>();
        operation._parser = parser;
        operation.Start();
        return operation;
    }

    T IValueTaskSource<T>.GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            if (Finish())
            {
                _core.Reset(); // now, so that the pool keeps no results alive
                OperationPool<T>.Shared.Return(this);
            }
        }
    }

    ValueTaskSourceStatus IValueTaskSource<T>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<T>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <inheritdoc />
    public override void Resume(bool here) => _core.Resume(here);

    protected override bool Complete(ref RespReader reader)
    {
        T result;
        try
        {
            if (reader.IsError)
            {
                return CompleteTraced(reader.ReadError());
            }

            result = _parser(ref reader, this);
        }
        catch (Exception error)
        {
            // A parser's fault, or a reply of another type: the reply's end is known, so the connection is fine.
            return CompleteTraced(error);
        }

        Trace.End(Name, error: null);
        return _core.Complete(result);
    }

    protected override void Complete(Exception error)
    {
        if (CompleteTraced(error))
        {
            _core.Resume(here: false);
        }
    }

    private bool CompleteTraced(Exception error)
    {
        Trace.End(Name, error); // before the caller can go on
        return _core.Complete(error);
    }
}
