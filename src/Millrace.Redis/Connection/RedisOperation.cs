using System.Buffers;
using Millrace.Redis.Diagnostics;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Connection;

/// <summary>
/// One command on its way: its bytes, and who waits for its reply. Exactly one of reply, failure, time-out and cancellation ends it; whoever
/// wins the exchange of <c>_state</c> does. An operation that its caller gave up stays in the connection's order until its reply has been
/// read past, so that no reply ever reaches another caller; it is then left to the collector, the others go back to a pool.
/// </summary>
internal abstract class RedisOperation
{
    private const int StatusMask = 3;
    private const int Pending = 0;
    private const int Completing = 1;
    private const int Abandoned = 2;
    private const int Generation = 4; // added at each use, so that a late time-out cannot end the next use

    private const int SmallBytes = 512;

    private readonly byte[] _small = new byte[SmallBytes];
    private byte[] _bytes = [];
    private int _length;
    private int _state = Completing;
    private CancellationTokenRegistration _cancellation;
    private PrefixCommand? _prefix;

    /// <summary>Its measurement, while somebody listens.</summary>
    public CommandTrace Trace;

    /// <summary>The command.</summary>
    public CommandName Name { get; private set; } = null!;

    /// <summary>The command as RESP.</summary>
    public ReadOnlySpan<byte> Encoded => _bytes.AsSpan(0, _length);

    /// <summary>How long that is.</summary>
    public int Length => _length;

    /// <summary>Hash slot of its keys; -1: it has none, or it is of no use here.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>When it times out, on the client's clock, in milliseconds; <see cref="long.MaxValue"/>: never.</summary>
    public long Deadline { get; set; }

    /// <summary>Asked about each error reply before the caller sees it: may send the command elsewhere. Null: nobody.</summary>
    public IRedirector? Redirector { get; set; }

    /// <summary>The script that it runs by its hash: sent in full when the server does not have it. Null: it runs none.</summary>
    public RedisScript? Script { get; set; }

    /// <summary>Told that it has ended, however it did. Null: nobody.</summary>
    public OperationGroup? Group { get; set; }

    /// <summary>How often it has been sent again.</summary>
    public int Repetitions { get; set; }

    /// <summary>How often a server has sent it elsewhere.</summary>
    public int Redirections { get; set; }

    /// <summary>Sent directly before it on the same connection, each time that it is sent. Null: nothing.</summary>
    public PrefixCommand? Prefix
    {
        get => IsAsking ? PrefixCommand.Asking : _prefix;
        set => _prefix = value;
    }

    /// <summary>Whether ASKING is sent before it, in place of another prefix: servers forget what two of them say.</summary>
    public bool IsAsking
    {
        get;
        set
        {
            field = value;
            if (value)
            {
                _prefix?.Replaced?.Invoke(this);
            }
        }
    }

    /// <summary>The connection whose reply ended it; null: none yet.</summary>
    public RespConnection? AnsweredBy { get; private set; }

    /// <summary>Whether its caller still waits.</summary>
    public bool IsPending => (Volatile.Read(ref _state) & StatusMask) == Pending;

    /// <summary>What a parser needs besides the reply: a writer, a parser of the user's.</summary>
    public object? Target { get; set; }

    /// <summary>Where a parser copies the value to.</summary>
    public Memory<byte> Destination { get; set; }

    /// <summary>Encodes the command.</summary>
    /// <exception cref="RedisException">The keys lie in different slots of a cluster.</exception>
    public void Encode(CommandName name, ReadOnlySpan<RedisArgument> arguments, SlotUse use = SlotUse.None)
    {
        Name = name;
        Slot = use == SlotUse.None ? -1 : FindSlot(name, arguments, use);
        var maximum = CommandEncoder.MaximumLength(name, arguments);
        _bytes = maximum <= SmallBytes ? _small : CommandBytes.Rent(maximum);
        _length = CommandEncoder.Write(_bytes, name, arguments);
    }

    /// <summary>Writes another beginning of the same command. Only while no connection has it in its order.</summary>
    /// <param name="name">The new name, of as many words.</param>
    /// <param name="argument">The new first argument, as RESP.</param>
    /// <param name="replaced">The length of the old one as RESP.</param>
    public void ReplaceHead(CommandName name, ReadOnlySpan<byte> argument, int replaced)
    {
        var old = Encoded;
        var count = old[..(old.IndexOf((byte)'\n') + 1)];
        var tail = old[(count.Length + Name.Encoded.Length + replaced)..];
        var length = checked(count.Length + name.Encoded.Length + argument.Length + tail.Length);
        var bytes = CommandBytes.Rent(Math.Max(length, SmallBytes + 1)); // longer than the small one: Finish tells them by it
        count.CopyTo(bytes);
        name.Encoded.CopyTo(bytes, count.Length);
        argument.CopyTo(bytes.AsSpan(count.Length + name.Encoded.Length));
        tail.CopyTo(bytes.AsSpan(length - tail.Length));
        if (_bytes.Length > SmallBytes)
        {
            CommandBytes.Return(_bytes);
        }

        (_bytes, _length, Name) = (bytes, length, name);
    }

    /// <summary>Encodes the command that another operation carries.</summary>
    public void Copy(RedisOperation other)
    {
        (Name, Slot, _length) = (other.Name, other.Slot, other.Length);
        _bytes = _length <= SmallBytes ? _small : CommandBytes.Rent(_length);
        other.Encoded.CopyTo(_bytes);
    }

    /// <summary>Has it go where another one goes. Call it before it is handed to a connection.</summary>
    public void Follow(RedisOperation other) => Slot = other.Slot;

    /// <summary>Watches the caller's token; call it before the operation is handed to a connection.</summary>
    public void WatchCancellation(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _cancellation = cancellationToken.UnsafeRegister(
                static (operation, token) => ((RedisOperation)operation!).TryAbandon(new OperationCanceledException(token)), this);
        }
    }

    /// <summary>Takes the reply and completes the task. Called by the connection's reader, in the order of the replies.</summary>
    /// <returns>Whether somebody waits who has to be resumed by <see cref="Resume"/>.</returns>
    public bool OnReply(in ReadOnlySequence<byte> reply, RespConnection connection)
    {
        var reader = new RespReader(reply);
        if (reader.IsError && IsPending && IsSentAgain(reply, connection))
        {
            return false;
        }

        if (!TryClaim())
        {
            return false;
        }

        if (reader.IsError && connection.IsGreeted)
        {
            connection.Counters.Failed();
        }

        AnsweredBy = connection;
        var group = Group; // once it is completed it may be in its next use
        var waits = Complete(ref reader);
        group?.OnEnded(failure: null);
        return waits;
    }

    /// <summary>Resumes who waits, after <see cref="OnReply"/> said that somebody does.</summary>
    /// <param name="here">On this thread; else on the thread pool.</param>
    public abstract void Resume(bool here);

    /// <summary>Ends it with an error, if nothing else has ended it.</summary>
    public void Fail(Exception error)
    {
        if (TryClaim())
        {
            End(error);
        }
    }

    /// <summary>Ends it for its caller; the connection reads past its reply later. Does nothing if it has ended.</summary>
    public bool TryAbandon(Exception error)
    {
        var state = Volatile.Read(ref _state);
        return TryAbandon(state, error);
    }

    /// <summary>Ends it for its caller when it is late.</summary>
    /// <param name="now">The client's clock.</param>
    /// <param name="describe">Makes the error.</param>
    /// <param name="source">Passed to <paramref name="describe"/>.</param>
    /// <returns>Whether this ended it.</returns>
    public bool ExpireAt<T>(long now, T source, Func<T, RedisOperation, Exception> describe)
    {
        var state = Volatile.Read(ref _state);
        return (state & StatusMask) == Pending && now >= Deadline && Volatile.Read(ref _state) == state && TryAbandon(state, describe(source, this));
    }

    private static int FindSlot(CommandName name, ReadOnlySpan<RedisArgument> arguments, SlotUse use)
    {
        var found = -1;
        foreach (ref readonly var argument in arguments)
        {
            if (!argument.IsKey)
            {
                continue;
            }

            var slot = HashSlot.Of(argument);
            if (use == SlotUse.Spread)
            {
                return slot;
            }

            found = found < 0 || found == slot ? slot : throw new RedisException(
                $"The keys of {name.Text} lie in different slots of the cluster, which no server can handle together. "
                + "Give them a common hash tag, such as {user:42}:name and {user:42}:mail, or send one command for each.");
        }

        return found;
    }

    protected abstract bool Complete(ref RespReader reader);

    protected abstract void Complete(Exception error);

    protected void Start()
    {
        Repetitions = 0;
        Redirections = 0;
        Volatile.Write(ref _state, (_state & ~StatusMask) + Generation);
    }

    /// <summary>Frees what it holds, when its caller has taken the result.</summary>
    /// <returns>Whether it may be used again: nobody else knows it any more.</returns>
    protected bool Finish()
    {
        _cancellation.Dispose(); // waits for a cancellation that runs now: later it would hit the next use
        _cancellation = default;
        Target = null;
        Destination = default;
        Redirector = null;
        Prefix = null;
        IsAsking = false;
        AnsweredBy = null;
        Deadline = long.MaxValue; // a late tick must not hold the next use to this one's
        Script = null;
        Group = null;
        if ((_state & StatusMask) == Abandoned)
        {
            return false;
        }

        if (_bytes.Length > SmallBytes)
        {
            CommandBytes.Return(_bytes);
        }

        _bytes = _small;
        return true;
    }

    private bool TryClaim()
    {
        var state = Volatile.Read(ref _state);
        return (state & StatusMask) == Pending && Interlocked.CompareExchange(ref _state, state + Completing, state) == state;
    }

    private bool TryAbandon(int state, Exception error)
    {
        if ((state & StatusMask) != Pending || Interlocked.CompareExchange(ref _state, state + Abandoned, state) != state)
        {
            return false;
        }

        End(error);
        return true;
    }

    private void End(Exception error)
    {
        var group = Group; // once it is completed it may be in its next use
        Complete(error);
        group?.OnEnded(error);
    }

    private bool IsSentAgain(in ReadOnlySequence<byte> error, RespConnection connection) =>
        (Script?.TryResend(this, error, connection) ?? false) || (Redirector?.TryRedirect(this, error, connection) ?? false);
}
