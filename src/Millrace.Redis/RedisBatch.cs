using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

/// <summary>
/// Collects commands and sends them in one write; in a cluster, in one for each node. Call the methods of the commands without awaiting them,
/// then <see cref="ExecuteAsync()"/>, then await what the methods returned, each once. The batch is empty then and may be used again: kept
/// for many rounds it allocates nothing. Commands for one server run in the order of the calls, others' commands may run between them.
/// For one caller at a time.
/// </summary>
/// <remarks>
/// A command's error is thrown by its own task only. A command whose token is cancelled before the batch is executed is left out. What the
/// tasks give is to be awaited once, as with every <see cref="ValueTask{TResult}"/>; those nobody awaits do no harm.
/// </remarks>
public sealed class RedisBatch : RedisCommands, IDisposable
{
    /// <summary>The most commands that one batch may have: 65,536.</summary>
    public const int MaximumCount = 65_536;

    private readonly RedisClient _client;
    private readonly OperationGroup _group = new();
    private HashSet<(RedisScript, int)>? _scripts;
    private RedisOperation[] _operations = new RedisOperation[16];
    private int _count;
    private bool _isDisposed;

    internal RedisBatch(RedisClient client) => _client = client;

    /// <summary>How many commands it has collected.</summary>
    public int Count => _count;

    /// <summary>Sends the commands.</summary>
    /// <returns>
    /// Ends when each has its reply or its error, and all their tasks are completed. It fails with the first error of a command that has no reply
    /// (<see cref="RedisConnectionException"/>, <see cref="RedisTimeoutException"/>), which that command's task throws too; not with
    /// a <see cref="RedisServerException"/> or a cancellation. Await it once, or not at all.
    /// </returns>
    /// <exception cref="ObjectDisposedException">The batch has been disposed.</exception>
    public ValueTask ExecuteAsync()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_count == 0)
        {
            return default;
        }

        var count = 0;
        var deadline = _client.Deadline();
        for (var i = 0; i < _count; i++)
        {
            var operation = _operations[i];
            if (operation.IsPending)
            {
                operation.Deadline = deadline;
                _client.Measure(operation);
                _operations[count++] = operation;
            }
        }

        var all = _count;
        _count = 0;
        _scripts?.Clear();
        _client.Topology.Send(_operations.AsSpan(0, count));
        Array.Clear(_operations, 0, all);
        return _group.Close();
    }

    /// <summary>Fails the commands that were not sent. Those that were go on.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        for (var i = 0; i < _count; i++)
        {
            _operations[i].Fail(new RedisException($"{_operations[i].Name.Text} was not sent: its batch was disposed and not executed."));
        }

        _count = 0;
        _operations = [];
    }

    private protected override SlotUse SlotUse => _client.Topology.SlotUse;

    private protected override ValueTask<T> SendAsync<T>(RedisOperation<T> operation, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_count == 0)
        {
            Begin();
        }
        else if (_count == MaximumCount)
        {
            throw new InvalidOperationException($"The batch has {MaximumCount} commands already: execute it and go on with the next.");
        }
        else if (_count == _operations.Length)
        {
            Array.Resize(ref _operations, 2 * _count);
        }

        operation.Deadline = long.MaxValue; // it begins when the batch is sent
        _operations[_count++] = operation;
        _group.Add(operation);
        var task = operation.Task;
        operation.WatchCancellation(cancellationToken);
        return task;
    }

    private protected override bool IsSentInFull(RedisScript script, int slot) =>
        (_count > 0 || _group.IsEnded) && (_scripts ??= []).Add((script, slot)); // else it will be refused

    private void Begin()
    {
        if (!_group.IsEnded)
        {
            throw new InvalidOperationException("The batch has been sent and not been answered yet: await ExecuteAsync before the next round, or make another batch.");
        }

        _group.Reset();
    }
}
