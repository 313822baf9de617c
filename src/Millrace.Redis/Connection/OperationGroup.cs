using System.Threading.Tasks.Sources;

namespace Millrace.Redis.Connection;

/// <summary>
/// Commands whose ends are awaited together, without a task for each. Used again and again: <see cref="Reset"/>, <see cref="Add"/> each,
/// <see cref="Close"/> once they are on their way; the task ends when all have ended.
/// </summary>
internal sealed class OperationGroup : IValueTaskSource
{
    private ReplySource<bool> _core;
    private int _left;
    private Exception? _failure;

    /// <summary>Whether all have ended.</summary>
    public bool IsEnded => Volatile.Read(ref _left) == 0;

    /// <summary>Prepares the next use.</summary>
    public void Reset()
    {
        _core.Reset();
        _failure = null;
        _left = 1; // taken off by Close
    }

    /// <summary>Adds a command, before it is sent.</summary>
    public void Add(RedisOperation operation)
    {
        Interlocked.Increment(ref _left);
        operation.Group = this;
    }

    /// <summary>Ends the adding.</summary>
    /// <returns>Ends when all have ended; fails with the first failure of one that has no reply. Await it once.</returns>
    public ValueTask Close()
    {
        var task = new ValueTask(this, _core.Version);
        OnEnded(failure: null);
        return task;
    }

    /// <summary>A command has ended.</summary>
    /// <param name="failure">Why it has no reply; null: it has one.</param>
    public void OnEnded(Exception? failure)
    {
        if (failure is RedisException and not RedisServerException)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
        }

        if (Interlocked.Decrement(ref _left) == 0 && (_failure is null ? _core.Complete(result: true) : _core.Complete(_failure)))
        {
            _core.Resume(here: false);
        }
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
