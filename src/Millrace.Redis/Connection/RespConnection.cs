using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Millrace.Redis.Diagnostics;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Connection;

/// <summary>
/// One connection in its lifetime from open to closed. Any number of callers share it: commands are appended to one buffer and to one order,
/// and replies come back in that order.
/// </summary>
/// <remarks>
/// <para>The way of a command:</para>
/// <list type="number">
/// <item>Append: under the lock, its bytes go into the pending buffer and its operation into the ring.</item>
/// <item>Flush: one thread at a time sends whole buffers. A command that finds the connection idle is sent at once by its caller. Otherwise,
/// and when the last replies came several at once, a flush is queued to the thread pool behind the callers that are about to go on, so that
/// their commands leave in one write (redis.get.16: 60 % more than sending the first at once).</item>
/// <item>Receive: the connection's own thread waits in the kernel, cuts the bytes into replies and gives each to the oldest operation.</item>
/// <item>Complete: the operation's parser makes the result on that thread; the caller goes on on the thread pool. No code of a caller ever
/// runs on the connection's thread; one that blocks delays those behind it once, by two ticks of the clock at most
/// (<see cref="ResumeQueue"/>).</item>
/// </list>
/// <para>
/// Nobody but the connection's own two threads ever waits for the network: callers and the pool send only while the bytes without a reply
/// fit the socket's send buffer, which therefore has room for them; beyond that a writer thread, started then, does it.
/// </para>
/// <para>
/// Order: pushes and replies are handled one by one, in the order in which the server sent them. When a push is told, every reply before
/// it has completed its operation (the awaiting code may be resumed a moment later), and no reply after it has.
/// </para>
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never asked for holds nothing to free.")]
internal sealed class RespConnection : IOpenConnection
{
    private const int DirectSendBytes = 16 * 1024;
    private const int UnansweredBytes = SocketTransport.SendBufferBytes / 2;
    private const long MaximumPendingBytes = 64L * 1024 * 1024;
    private const int StackBytes = 256 * 1024;

    private readonly ConnectionSetup _setup;
    private readonly IConnectionOwner _owner;
    private readonly ClientClock _clock;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RedisOperation?[] _ring;
    private readonly int _capacity;
    private readonly Action<object?> _flush;
    private readonly ResumeQueue _resuming = new();
    private readonly SemaphoreSlim _writerWake = new(0, 1);

    private readonly Lock _lock = new(); // guards the buffers, _tail, _flushing, _isClosed, _appendedBytes, _sentTail, _writer
    private SendBuffer _pending = new();
    private SendBuffer _sending = new();
    private bool _flushing;
    private bool _isClosed;
    private long _appendedBytes;
    private long _sentTail; // operations before this one were handed to the network
    private Thread? _writer;

    private long _tail; // next free place of the ring, written under the lock
    private long _head; // oldest operation without a reply, written by the reader
    private long _repliedBytes; // of the commands that were answered, written by the reader
    private long _lastReceived;
    private volatile bool _resumedSeveral; // the last bytes that came were several replies
    private Socket? _opening;
    private Transport? _transport;
    private Exception? _reason;

    public RespConnection(ConnectionSetup setup, IConnectionOwner owner, ClientClock clock)
    {
        _setup = setup;
        _owner = owner;
        _clock = clock;
        _capacity = setup.MaximumInFlight;
        _ring = new RedisOperation?[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, _capacity))];
        _flush = static connection => ((RespConnection)connection!).Flush(isWriter: false);
    }

    /// <summary>Ends when the connection is open and, with TLS, encrypted; fails when that fails.</summary>
    public Task Opened => _opened.Task;

    /// <summary>Ends when the connection has ended and its owner was told.</summary>
    public Task Closed => _closed.Task;

    /// <summary>The server, <c>host:port</c>.</summary>
    public string Server => _setup.Server;

    public RedisEndpoint Endpoint => _setup.Endpoint;

    /// <summary>Whether it was asked to end, or has ended.</summary>
    public bool IsClosing => Volatile.Read(ref _reason) is not null;

    /// <summary>Whether the server has been greeted: what it carries from then on are callers' commands.</summary>
    public bool IsGreeted { get; private set; }

    /// <summary>Whether it is ready for commands.</summary>
    public bool IsOpen => IsGreeted && !IsClosing;

    /// <summary>What the server's connections have done.</summary>
    public ServerCounters Counters => _setup.Counters;

    /// <summary>Commands that were taken and not answered.</summary>
    public int InFlight => (int)(Volatile.Read(ref _tail) - Volatile.Read(ref _head));

    /// <summary>When bytes last came, on the client's clock, in milliseconds.</summary>
    public long LastReceived => Volatile.Read(ref _lastReceived);

    /// <summary>Starts the connection's thread.</summary>
    public void Start()
    {
        Counters.Add(this);
        new Thread(Run, StackBytes) { IsBackground = true, Name = $"redis {Server}" }.Start();
    }

    /// <summary>The handshake is over.</summary>
    public void MarkGreeted() => IsGreeted = true;

    /// <summary>Takes a command.</summary>
    /// <param name="operation">The command; the caller no longer owns it when this returns true.</param>
    /// <param name="mayFlush">Whether this thread may send it; false defers to the pool.</param>
    /// <returns>False: the connection is full or has ended; the command was not taken.</returns>
    public bool TryAppend(RedisOperation operation, bool mayFlush = true)
    {
        bool isIdle;
        lock (_lock)
        {
            isIdle = !_resumedSeveral && _tail == Volatile.Read(ref _head) && operation.Length <= DirectSendBytes;
            if (!TryTake(operation))
            {
                return false;
            }

            if (_flushing)
            {
                return true;
            }

            _flushing = true;
        }

        if (isIdle && mayFlush)
        {
            Flush(isWriter: false);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(_flush, this, preferLocal: false);
        }

        return true;
    }

    /// <summary>Takes commands that leave in one write.</summary>
    /// <returns>How many were taken, the first ones; fewer than all: the connection is full or has ended.</returns>
    public int Append(ReadOnlySpan<RedisOperation> operations)
    {
        var taken = 0;
        lock (_lock)
        {
            while (taken < operations.Length && TryTake(operations[taken]))
            {
                taken++;
            }

            if (taken == 0 || _flushing)
            {
                return taken;
            }

            _flushing = true;
        }

        Flush(isWriter: false);
        return taken;
    }

    /// <summary>Takes a command again whose reply has just been read. Where there is no room, the connection's owner gets it.</summary>
    public void Resend(RedisOperation operation)
    {
        if (!TryAppend(operation, mayFlush: false))
        {
            _owner.OnRefused(this, operation);
        }
    }

    /// <summary>Times out operations that are late.</summary>
    public void Expire(long now)
    {
        _resuming.OnTick();
        var (head, tail) = (Volatile.Read(ref _head), Volatile.Read(ref _tail));
        for (var i = head; i < tail; i++)
        {
            // A place may have been emptied, or the operation may be in its next use: it decides by its own state.
            var operation = Volatile.Read(ref _ring[i & (_ring.Length - 1)]);
            if (operation is not null && operation.ExpireAt(now, this, static (connection, operation) => new RedisTimeoutException(
                $"{operation.Name.Text} was not answered in time by {connection.Server}; {connection.InFlight} commands are in flight there. "
                + "A late answer will be dropped. Raise CommandTimeout if such commands may take longer.",
                connection.Server, operation.Name.Text, RedisDelivery.MayHaveRun)))
            {
                Counters.Failed();
            }
        }
    }

    /// <summary>Ends the connection. Does nothing the second time.</summary>
    public void Abort(Exception reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is null)
        {
            Volatile.Read(ref _opening)?.Dispose();
            Volatile.Read(ref _transport)?.Close();
        }
    }

    private void Run()
    {
        try
        {
            var transport = _setup.Open(socket =>
            {
                Interlocked.Exchange(ref _opening, socket); // a full fence: either this thread sees the abort, or the abort sees the socket
                if (IsClosing)
                {
                    throw _reason!; // given up before it began
                }
            });
            Interlocked.Exchange(ref _transport, transport);
            if (IsClosing)
            {
                transport.Close(); // aborted while it was opened
            }

            _lastReceived = _clock.Now;
            _opened.TrySetResult();
            Receive(transport);
        }
        catch (Exception error)
        {
            // The top of the connection's loop: whatever went wrong ends this connection, and its owner decides.
            Abort(error);
        }

        End();
    }

    private void Receive(Transport transport)
    {
        var buffer = new ReceiveBuffer(_setup.Limits);
        while (true)
        {
            var count = transport.Receive(buffer.Room());
            if (count == 0)
            {
                throw new RedisConnectionException($"{Server} closed the connection.");
            }

            Volatile.Write(ref _lastReceived, _clock.Now);
            buffer.Received(count);
            Counters.Received(count);
            var first = _head;
            while (buffer.TryRead(out var reply))
            {
                Handle(reply);
                buffer.Release();
            }

            _resumedSeveral = _head - first > 1;
            _resuming.Start();

            _owner.OnRoom(this);
        }
    }

    private void Handle(in ReadOnlySequence<byte> reply)
    {
        var head = _head;
        ref var place = ref _ring[head & (_ring.Length - 1)];
        var operation = head == Volatile.Read(ref _tail) ? null : place;
        if (_setup.IsPush(reply, operation))
        {
            var push = new RespReader(reply);
            _owner.OnPush(this, ref push);
            return;
        }

        if (operation is null)
        {
            throw new RedisProtocolException($"{Server} sent a reply that no command asked for.");
        }

        place = null;
        Volatile.Write(ref _repliedBytes, _repliedBytes + operation.Length);
        Volatile.Write(ref _head, head + 1);
        if (operation.OnReply(reply, this))
        {
            _resuming.Add(operation);
        }

        if (operation is PrefixCommand && new RespReader(reply) is { IsError: true } refusal)
        {
            // What it says of the next command does not hold: that one may not be taken for what it is not. It keeps its place in the order.
            _ring[(head + 1) & (_ring.Length - 1)]!.TryAbandon(refusal.ReadError());
        }
    }

    /// <summary>Sends what is pending until nothing is. Only whoever set <see cref="_flushing"/> may call it.</summary>
    private void Flush(bool isWriter)
    {
        try
        {
            for (var rounds = 0; ; rounds++)
            {
                lock (_lock)
                {
                    if (_pending.IsEmpty || _isClosed)
                    {
                        _flushing = false;
                        return;
                    }

                    if (!isWriter && _appendedBytes - Volatile.Read(ref _repliedBytes) > UnansweredBytes)
                    {
                        WakeWriter();
                        return;
                    }

                    if (!isWriter && rounds > 0)
                    {
                        break;
                    }

                    (_pending, _sending) = (_sending, _pending);
                    Counters.Sent(_tail - _sentTail, _sending.Length);
                    _sentTail = _tail;
                }

                _sending.SendTo(_transport!);
                _sending.Clear();
            }

            ThreadPool.UnsafeQueueUserWorkItem(_flush, this, preferLocal: false);
        }
        catch (Exception error)
        {
            // Whatever the network threw ends the connection; an exception on the pool's thread would end the process.
            Abort(error);
        }
    }

    /// <summary>Appends a command and what has to stand directly before it, or nothing. Under the lock.</summary>
    private bool TryTake(RedisOperation operation)
    {
        var prefix = operation.Prefix;
        var inFlight = _tail - Volatile.Read(ref _head);
        var isFull = inFlight + (prefix is null ? 1 : 2) > _capacity || _pending.Length > MaximumPendingBytes;
        if (_isClosed || (isFull && inFlight > 0))
        {
            return false;
        }

        if (prefix is not null)
        {
            Put(prefix);
        }

        Put(operation);
        return true;
    }

    private void Put(RedisOperation operation)
    {
        operation.Trace.At(Counters);
        _ring[_tail & (_ring.Length - 1)] = operation;
        _pending.Append(operation.Encoded);
        _appendedBytes += operation.Length;
        Volatile.Write(ref _tail, _tail + 1);
    }

    private void WakeWriter()
    {
        if (_writer is null)
        {
            _writer = new Thread(Write, StackBytes) { IsBackground = true, Name = $"redis {Server} writer" };
            _writer.Start();
        }

        _writerWake.Release();
    }

    private void Write()
    {
        while (true)
        {
            _writerWake.Wait();
            Flush(isWriter: true);
            lock (_lock)
            {
                if (_isClosed)
                {
                    return;
                }
            }
        }
    }

    private void End()
    {
        var reason = _reason!;
        var unanswered = new List<(RedisOperation, RedisDelivery)>();
        lock (_lock)
        {
            _isClosed = true;
            for (var i = _head; i < _tail; i++)
            {
                ref var place = ref _ring[i & (_ring.Length - 1)];
                unanswered.Add((place!, i < _sentTail ? RedisDelivery.MayHaveRun : RedisDelivery.NotSent));
                place = null;
            }

            if (_writer is not null && _writerWake.CurrentCount == 0)
            {
                _writerWake.Release();
            }
        }

        _resuming.End();
        Counters.Remove(this);
        _transport?.Close();
        _opened.TrySetException(reason);
        _ = _opened.Task.Exception; // nobody may wait for it any more
        _owner.OnClosed(this, reason, unanswered);
        _closed.TrySetResult();
    }
}
