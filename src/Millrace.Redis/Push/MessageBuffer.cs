using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Millrace.Redis.Push;

/// <summary>
/// Messages that wait for a reader, bounded by number and by bytes. When it is full the oldest are dropped; a mark stands in their place. Marks
/// beside each other become one. Adding never waits.
/// </summary>
internal sealed class MessageBuffer(int maximumMessages, long maximumBytes)
{
    private readonly Lock _lock = new(); // guards everything
    private readonly Queue<RedisMessage> _messages = new();
    private TaskCompletionSource? _changed; // not null: somebody waits
    private long _bytes;
    private bool _isFirstMarked;  // a mark stands before the oldest message
    private long _firstDropped;   // what it counts
    private bool _isLastMark;     // the youngest one is a mark
    private bool _isEnded;
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _error;
    private long _dropped;

    /// <summary>Messages that were dropped, in all.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Ends when it has ended with an error, and gives that.</summary>
    public Task<Exception> Failed => _failed.Task;

    /// <summary>Adds a message.</summary>
    public void Add(RedisMessage message) => Add(message, isMark: false);

    /// <summary>Adds a mark: messages may be missing here.</summary>
    public void AddMark() => Add(RedisMessage.Missed(0), isMark: true);

    /// <summary>Ends it: nothing is added any more.</summary>
    /// <param name="error">Thrown once everything has been read. Null: what waits is dropped.</param>
    public void End(Exception? error)
    {
        TaskCompletionSource? changed;
        lock (_lock)
        {
            if (error is null)
            {
                _messages.Clear();
                (_bytes, _isFirstMarked, _firstDropped) = (0, false, 0);
                _error = null;
            }
            else if (!_isEnded)
            {
                _error = error;
                _failed.TrySetResult(error);
            }

            _isEnded = true;
            (changed, _changed) = (_changed, null);
        }

        changed?.TrySetResult();
    }

    /// <summary>Takes the oldest one.</summary>
    public bool TryTake([NotNullWhen(true)] out RedisMessage? message)
    {
        lock (_lock)
        {
            return TryTakeLocked(out message);
        }
    }

    /// <summary>Takes the oldest one, when there is one.</summary>
    /// <returns>Null: it has ended without an error.</returns>
    public async ValueTask<RedisMessage?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task changed;
            lock (_lock)
            {
                if (TryTakeLocked(out var message))
                {
                    return message;
                }

                if (_isEnded)
                {
                    if (_error is not null)
                    {
                        ExceptionDispatchInfo.Throw(_error);
                    }

                    return null;
                }

                changed = (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void Add(RedisMessage message, bool isMark)
    {
        TaskCompletionSource? changed;
        lock (_lock)
        {
            if (_isEnded || (isMark && (_messages.Count == 0 ? _isFirstMarked : _isLastMark)))
            {
                return;
            }

            while (_messages.Count > 0 && (_messages.Count >= maximumMessages || _bytes + message.SizeBytes > maximumBytes))
            {
                DropOldest();
            }

            _messages.Enqueue(message);
            _bytes += message.SizeBytes;
            _isLastMark = isMark;
            (changed, _changed) = (_changed, null);
        }

        changed?.TrySetResult();
    }

    private void DropOldest()
    {
        var message = _messages.Dequeue();
        _bytes -= message.SizeBytes;
        _isFirstMarked = true;
        if (message.Kind != RedisMessageKind.Missed)
        {
            _firstDropped++;
            Interlocked.Increment(ref _dropped);
        }
    }

    private bool TryTakeLocked([NotNullWhen(true)] out RedisMessage? message)
    {
        if (_isFirstMarked)
        {
            message = RedisMessage.Missed(_firstDropped);
            (_isFirstMarked, _firstDropped) = (false, 0);
            if (_messages.TryPeek(out var next) && next.Kind == RedisMessageKind.Missed)
            {
                _messages.Dequeue(); // one mark for both
            }

            return true;
        }

        if (_messages.TryDequeue(out message))
        {
            _bytes -= message.SizeBytes;
            return true;
        }

        return false;
    }
}
