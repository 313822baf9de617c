using Millrace.Redis.Commands;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

/// <summary>
/// Collects commands and runs them as one step (<c>MULTI</c> … <c>EXEC</c>, in one write on a connection of its own): no other command runs between them.
/// Call the methods of the commands without awaiting them, then <see cref="ExecuteAsync(CancellationToken)"/>, then await what the methods
/// returned, each once. For one caller and one execution.
/// </summary>
/// <remarks>
/// Redis does not roll back: a command that fails when it runs throws at its own task, the others have run. One that the server refuses
/// beforehand, because it does not know it or its arguments are wrong, keeps all from running. In a cluster all keys have to lie in one slot.
/// A command whose token is cancelled before the transaction is executed is left out.
/// </remarks>
public sealed class RedisTransaction : RedisCommands, IDisposable
{
    /// <summary>The most commands that one transaction may have: 8,192.</summary>
    public const int MaximumCount = 8192;

    private const int Attempts = 6; // where a cluster moves its slots
    private static readonly TimeSpan MovePause = TimeSpan.FromMilliseconds(20);
    private static readonly CommandName Multi = CommandName.Write("MULTI");
    private static readonly CommandName Exec = CommandName.Write("EXEC");

    private readonly RedisClient _client;
    private readonly RedisDedicatedConnection? _lease;
    private readonly List<RedisOperation> _operations = [];
    private readonly HashSet<RedisScript> _scripts = [];
    private DedicatedConnection? _connection; // that it runs on
    private int _slot = -1;
    private bool _isEnded;
    private volatile bool _areEnded; // the commands

    internal RedisTransaction(RedisClient client, RedisDedicatedConnection? lease)
    {
        _client = client;
        _lease = lease;
    }

    /// <summary>How many commands it has collected.</summary>
    public int Count => _operations.Count;

    /// <summary>Runs the commands.</summary>
    /// <param name="cancellationToken">Gives up; once it has been sent it may run nevertheless.</param>
    /// <returns>Whether it ran: false when a watched key had changed; then the commands' tasks throw a <see cref="RedisException"/> that says so.
    /// When it returns, all their tasks are completed.</returns>
    /// <exception cref="RedisServerException">The server refused it (<c>EXECABORT</c>): nothing ran, and the task of the command that is to blame throws its
    /// own error.</exception>
    /// <exception cref="RedisException">It was not answered; the commands' tasks throw the same.</exception>
    /// <exception cref="InvalidOperationException">It was executed or disposed before.</exception>
    public async ValueTask<bool> ExecuteAsync(CancellationToken cancellationToken = default)
    {
        Check();
        _isEnded = true; // from here on nothing is added
        _operations.RemoveAll(static operation => !operation.IsPending);
        if (_operations.Count == 0 && _lease is not { IsWatching: true })
        {
            return true;
        }

        try
        {
            if (_lease is not null)
            {
                _lease.ThrowIfDisposed();
                return await RunAsync(_lease.Connection, mayMove: false, cancellationToken).ConfigureAwait(false);
            }

            await _client.ConnectedAsync(cancellationToken).ConfigureAwait(false);
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await RunOnNodeAsync(mayMove: attempt < Attempts, cancellationToken).ConfigureAwait(false);
                }
                catch (RedisServerException moved) when (attempt < Attempts && IsElsewhere(moved))
                {
                    // Nothing ran: the keys are on another node of the cluster now.
                    _client.Topology.Refresh();
                    await Task.Delay(MovePause * attempt, _client.Context.Time, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (Exception error)
        {
            FailAll(error);
            throw;
        }
    }

    /// <summary>Fails the commands if it was not executed.</summary>
    public void Dispose()
    {
        if (!_isEnded)
        {
            _isEnded = true;
            FailAll(new RedisException("The command was not sent: its transaction was disposed and not executed."));
        }
    }

    private protected override CommandScope Scope => CommandScope.Transaction;

    private protected override SlotUse SlotUse => _client.Topology.SlotUse;

    private protected override bool SplitsKeys => false; // the slots of a cluster cannot be handled in one transaction

    private protected override bool IsSentInFull(RedisScript script, int slot) => _scripts.Add(script);

    private protected override ValueTask<T> SendAsync<T>(RedisOperation<T> operation, CancellationToken cancellationToken)
    {
        Check();
        if (_operations.Count == MaximumCount)
        {
            throw new InvalidOperationException($"The transaction has {MaximumCount} commands already, which is the most.");
        }

        if (operation.Slot >= 0)
        {
            _slot = _slot < 0 || _slot == operation.Slot || SlotUse != SlotUse.Cluster ? operation.Slot : throw new RedisException(
                $"The key of {operation.Name.Text} lies in another slot of the cluster than those before it in the transaction, which no server can handle together. "
                + "Give all keys a common hash tag, such as {user:42}:name and {user:42}:mail.");
        }

        operation.Script = null; // its server has the script by then, or the first run of it failed
        operation.Deadline = long.MaxValue; // it ends with EXEC
        _operations.Add(operation);
        var task = operation.Task;
        operation.WatchCancellation(cancellationToken);
        return task;
    }

    private static bool IsElsewhere(RedisServerException error) => error.Code is "MOVED" or "ASK" or "TRYAGAIN" or "READONLY";

    private async Task<bool> RunOnNodeAsync(bool mayMove, CancellationToken cancellationToken)
    {
        var pool = _client.Topology.NodeOf(_slot).Dedicated;
        var connection = await pool.RentAsync("EXEC", cancellationToken).ConfigureAwait(false);
        try
        {
            return await RunAsync(connection, mayMove, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            pool.Return(connection);
        }
    }

    /// <summary>
    /// 1. Sends MULTI, the commands and EXEC in one write. 2. Awaits that each was queued. 3. Awaits EXEC, whose reply is cut into the commands'
    /// replies where it is received.
    /// </summary>
    private async Task<bool> RunAsync(DedicatedConnection connection, bool mayMove, CancellationToken cancellationToken)
    {
        // 1.
        var wasTainted = connection.IsTainted;
        var queued = new RedisOperation<bool>[_operations.Count + 1];
        for (var i = 0; i < queued.Length; i++)
        {
            queued[i] = RedisOperation<bool>.Rent(static (ref RespReader reader, RedisOperation _) => reader.ReadString() is "OK" or "QUEUED");
            if (i == 0)
            {
                queued[i].Encode(Multi, []);
            }
            else
            {
                queued[i].Copy(_operations[i - 1]);
            }
        }

        var exec = RedisOperation<bool>.Rent(static (ref RespReader reader, RedisOperation operation) => ((RedisTransaction)operation.Target!).Distribute(ref reader));
        exec.Encode(Exec, []);
        exec.Target = this;
        var tasks = Array.ConvertAll(queued, static operation => operation.Task);
        var last = exec.Task;
        Send(connection, [.. queued, exec], cancellationToken);

        // 2.
        var errors = new Exception?[_operations.Count];
        Exception? refused = null;
        for (var i = 0; i < tasks.Length; i++)
        {
            try
            {
                await tasks[i].ConfigureAwait(false);
            }
            catch (Exception error)
            {
                refused ??= error;
                errors[Math.Max(0, i - 1)] ??= error;
            }
        }

        // 3.
        try
        {
            var hasRun = await last.ConfigureAwait(false);
            OnAnswered(connection, wasTainted);
            if (!hasRun)
            {
                FailAll(new RedisException("The command did not run: a key that its transaction watches was changed. Read again and try again."));
            }

            return hasRun;
        }
        catch (RedisServerException abort)
        {
            if (abort.Code == "EXECABORT")
            {
                OnAnswered(connection, wasTainted); // else nobody knows what state the connection is in
            }

            if (mayMove && refused is RedisServerException moved && IsElsewhere(moved))
            {
                throw moved; // the commands are kept for the next attempt
            }

            Refuse(abort, errors, refused);
            throw new RedisServerException(refused is RedisServerException ? $"{abort.Message} The first error: {refused.Message}" : abort.Message, refused);
        }
    }

    private void Send(DedicatedConnection connection, RedisOperation[] all, CancellationToken cancellationToken)
    {
        var deadline = _client.Deadline();
        foreach (var operation in all)
        {
            operation.Deadline = deadline;
            _client.Measure(operation);
            operation.WatchCancellation(cancellationToken);
        }

        _connection = connection;
        connection.IsTainted = true; // until EXEC has been answered
        var taken = connection.Send(all);
        if (taken < all.Length)
        {
            var refusals = Array.ConvertAll(all[taken..], connection.Refusal);
            connection.Abort("a transaction found no room on it"); // without EXEC nothing of it runs
            for (var i = taken; i < all.Length; i++)
            {
                all[i].Fail(refusals[i - taken]);
            }
        }
    }

    /// <summary>Cuts EXEC's reply into the commands' replies. Runs on the connection's reader.</summary>
    private bool Distribute(ref RespReader reader)
    {
        if (reader.TryReadNull())
        {
            return false;
        }

        var count = reader.ReadAggregateHeader();
        if (count != _operations.Count)
        {
            // Nobody knows which reply is whose: the connection stays tainted, and all commands fail.
            throw new RedisException(
                $"The server sent {count} replies to the {_operations.Count} commands of the transaction: it may have run a part of it, though Redis runs all or nothing.");
        }

        _areEnded = true;
        foreach (var operation in _operations)
        {
            if (operation.OnReply(reader.TakeValue(), _connection!.Connection))
            {
                operation.Resume(here: false);
            }
        }

        return true;
    }

    private void OnAnswered(DedicatedConnection connection, bool wasTainted)
    {
        connection.IsTainted = wasTainted;
        _lease?.IsWatching = false;
    }

    /// <summary>Fails the command that is to blame with its own error, and the others because of it.</summary>
    private void Refuse(RedisServerException abort, Exception?[] errors, Exception? refused)
    {
        _areEnded = true;
        for (var i = 0; i < _operations.Count; i++)
        {
            _operations[i].Fail(errors[i] as RedisServerException ?? new RedisException(
                $"{_operations[i].Name.Text} did not run: the server refused its transaction ({(refused ?? abort).Message}).", refused ?? abort));
        }
    }

    /// <summary>Fails the commands that have not ended. Once only: an operation that has ended may be in its next use.</summary>
    private void FailAll(Exception error)
    {
        if (!_areEnded)
        {
            _areEnded = true;
            _operations.ForEach(operation => operation.Fail(error));
        }
    }

    private void Check()
    {
        if (_isEnded)
        {
            throw new InvalidOperationException("The transaction has been executed or disposed: make another one.");
        }
    }
}
