using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace Millrace.Redis.Connection;

/// <summary>
/// The state behind a <see cref="ValueTask{TResult}"/> that is used again and again, after
/// <see cref="ManualResetValueTaskSourceCore{TResult}"/>. The difference: completing and resuming are two steps. The connection's reader
/// completes, so that replies and pushes keep their order; where the awaiting code is resumed is decided after that.
/// </summary>
/// <typeparam name="T">The result.</typeparam>
[StructLayout(LayoutKind.Auto)]
internal struct ReplySource<T>
{
    private static readonly Action<object?> Completed = static _ => throw new InvalidOperationException("Never called: it marks completion.");

    private Action<object?>? _continuation;
    private object? _state;
    private T? _result;
    private ExceptionDispatchInfo? _error;
    private bool _isCompleted;
    private short _version;

    public readonly short Version => _version;

    /// <summary>Prepares the next use.</summary>
    public void Reset()
    {
        _version++;
        _continuation = null;
        _state = null;
        _result = default;
        _error = null;
        _isCompleted = false;
    }

    /// <summary>Completes it with a result, without resuming anybody.</summary>
    /// <returns>Whether somebody waits who has to be resumed by <see cref="Resume"/>.</returns>
    public bool Complete(T result)
    {
        _result = result;
        return MarkCompleted();
    }

    /// <summary>Completes it with an error, without resuming anybody.</summary>
    /// <returns>Whether somebody waits who has to be resumed by <see cref="Resume"/>.</returns>
    public bool Complete(Exception error)
    {
        _error = ExceptionDispatchInfo.Capture(error);
        return MarkCompleted();
    }

    /// <summary>Resumes who waits. After this the source may be in its next use.</summary>
    /// <param name="here">On this thread; else on the thread pool.</param>
    public readonly void Resume(bool here)
    {
        if (here)
        {
            _continuation!(_state);
        }
        else
        {
            // For an awaiting async method this queues its state machine itself: nothing is allocated.
            ThreadPool.UnsafeQueueUserWorkItem(_continuation!, _state, preferLocal: false);
        }
    }

    public T GetResult(short token)
    {
        Check(token);
        if (!_isCompleted)
        {
            throw new InvalidOperationException("The task is not completed: await it.");
        }

        _error?.Throw();
        return _result!;
    }

    public readonly ValueTaskSourceStatus GetStatus(short token)
    {
        Check(token);
        return !Volatile.Read(in _isCompleted) || _continuation is null ? ValueTaskSourceStatus.Pending
            : _error is null ? ValueTaskSourceStatus.Succeeded
            : _error.SourceException is OperationCanceledException ? ValueTaskSourceStatus.Canceled
            : ValueTaskSourceStatus.Faulted;
    }

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        Check(token);
        if (flags != ValueTaskSourceOnCompletedFlags.None && ContextContinuation.Capture(continuation, state, flags) is { } captured)
        {
            (continuation, state) = (ContextContinuation.Run, captured);
        }

        _state = state; // before the continuation is published
        var before = Interlocked.CompareExchange(ref _continuation, continuation, null);
        if (ReferenceEquals(before, Completed))
        {
            ThreadPool.UnsafeQueueUserWorkItem(continuation, state, preferLocal: true);
        }
        else if (before is not null)
        {
            throw new InvalidOperationException("The task is awaited already: a ValueTask may be awaited once.");
        }
    }

    private bool MarkCompleted()
    {
        Volatile.Write(ref _isCompleted, true);
        return Interlocked.CompareExchange(ref _continuation, Completed, null) is not null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Check(short token)
    {
        if (token != _version)
        {
            throw new InvalidOperationException("The task was awaited before: a ValueTask may be awaited once.");
        }
    }
}
