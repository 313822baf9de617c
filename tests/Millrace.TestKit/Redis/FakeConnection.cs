using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Millrace.TestKit.Redis;

/// <summary>
/// A connection of a <see cref="FakeRedis" />: one loop receives commands and records them, another replies to them in order. So commands
/// are recorded while replies stall. Safe for concurrent use.
/// </summary>
public sealed class FakeConnection
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Channel<string[]> _turns = Channel.CreateUnbounded<string[]>();
    private readonly Lock _lock = new(); // guards _commands
    private readonly List<string[]> _commands = [];
    private readonly FakeCommands _default;
    private readonly Task _loops;
    private long _writes;

    internal FakeConnection(FakeRedis server, Socket socket, int number)
    {
        Server = server;
        Number = number;
        socket.NoDelay = true;
        _closing.Token.Register(static closed => ((TaskCompletionSource)closed!).TrySetResult(), _closed);
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: false);
        _default = new FakeCommands(this);
        _loops = RunAsync();
    }

    /// <summary>Where it was accepted.</summary>
    public FakeRedis Server { get; }

    /// <summary>Its place in the order of acceptance, from 1.</summary>
    public int Number { get; }

    /// <summary>2 until HELLO 3.</summary>
    public int Protocol { get; internal set; } = 2;

    /// <summary>What the client called itself; null if it did not.</summary>
    public string? Name { get; internal set; }

    /// <summary>The database selected.</summary>
    public int Database { get; internal set; }

    /// <summary>Completes when it is closed, by either side.</summary>
    public Task Closed => _loops;

    /// <summary>How many writes to the socket there were: with <see cref="FakeRedis.SplitsBytes" /> one a byte.</summary>
    public long Writes => Interlocked.Read(ref _writes);

    /// <summary>The commands received so far, in order, replied to or not.</summary>
    public IReadOnlyList<string[]> Commands
    {
        get
        {
            lock (_lock)
            {
                return [.. _commands];
            }
        }
    }

    /// <summary>Whether a command has this name, in any case.</summary>
    public static bool Is(string[] command, string name) => command is [var first, ..] && first.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// What an unscripted server replies: HELLO, AUTH, SELECT, CLIENT, PING, ECHO, GET, SET (options are ignored), DEL, INCR, (P/S)SUBSCRIBE and
    /// their opposites, QUIT; to anything else the error of an unknown command. It also does what the command says.
    /// </summary>
    public FakeReply DefaultReply(string[] command) => _default.Reply(command);

    /// <summary>Sends something unasked, between two replies, never inside one.</summary>
    public async Task SendAsync(FakeReply reply)
    {
        await reply.Gate.WaitAsync(_closing.Token);
        await WriteAsync(reply.Bytes);
        if (reply.Closes)
        {
            await _closing.CancelAsync();
        }
    }

    /// <summary>Sends a push of bulk strings, such as "message", channel, payload; to a RESP2 client a list.</summary>
    public Task PushAsync(params string[] parts)
    {
        FakeReply[] items = [.. parts.Select(FakeReply.Bulk)];
        return SendAsync(Protocol == 3 ? FakeReply.Push(items) : FakeReply.Array(items));
    }

    /// <summary>Closes it and waits until its loops have ended.</summary>
    /// <param name="reset">True ends it with a reset (RST) instead of an end of stream (FIN).</param>
    public async Task CloseAsync(bool reset = false)
    {
        if (!_loops.IsCompleted)
        {
            if (reset)
            {
                _socket.LingerState = new LingerOption(true, 0);
            }

            await _closing.CancelAsync();
        }

        await _loops;
    }

    private async Task RunAsync()
    {
        await Task.Yield(); // the constructor's caller holds a lock
        var receiving = ReceiveAsync();
        var replying = ReplyAsync();
        await Task.WhenAny(receiving, replying);
        await _closing.CancelAsync();
        _turns.Writer.TryComplete();
        await Task.WhenAll(receiving, replying);
        await _stream.DisposeAsync();
        _socket.Dispose(); // unread input makes this a reset, as with any server
        Server.Changed();
    }

    private async Task ReceiveAsync()
    {
        var reader = PipeReader.Create(_stream);
        try
        {
            while (true)
            {
                await Server.ReadGate.WaitAsync(_closing.Token);
                var read = await reader.ReadAsync(_closing.Token);
                var rest = read.Buffer;
                while (FakeCommands.TryRead(ref rest, out var command))
                {
                    Received(command);
                }

                reader.AdvanceTo(rest.Start, rest.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Closed by one side or the other.
        }
        catch (InvalidDataException wrong)
        {
            Received([FakeCommands.Malformed, wrong.Message]);
            await _closed.Task; // by the reply to that
        }
    }

    private void Received(string[] command)
    {
        lock (_lock)
        {
            _commands.Add(command);
        }

        _turns.Writer.TryWrite(command);
        Server.Changed();
    }

    private async Task ReplyAsync()
    {
        try
        {
            await foreach (var command in _turns.Reader.ReadAllAsync(_closing.Token))
            {
                var reply = Server.Handler?.Invoke(this, command) ?? DefaultReply(command);
                await SendAsync(reply);
            }
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Closed by one side or the other.
        }
    }

    private async Task WriteAsync(byte[] bytes)
    {
        await _writing.WaitAsync(_closing.Token);
        try
        {
            var step = Server.SplitsBytes ? 1 : Math.Max(1, bytes.Length);
            for (var i = 0; i < bytes.Length; i += step)
            {
                await _stream.WriteAsync(bytes.AsMemory(i, Math.Min(step, bytes.Length - i)), _closing.Token);
                Interlocked.Increment(ref _writes);
                if (Server.SplitsBytes)
                {
                    await Task.Yield(); // lets a reader in this process take the byte
                }
            }
        }
        finally
        {
            _writing.Release();
        }
    }
}
