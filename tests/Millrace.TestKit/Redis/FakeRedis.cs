using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Millrace.TestKit.Redis;

/// <summary>
/// A server in the test's own process, over real sockets, for what a real one does rarely or never: see <see cref="FakeReply" />.
/// Unscripted it behaves like a small Redis (<see cref="FakeConnection.DefaultReply" />). Strings stand for bytes, one character a byte
/// (Latin-1). Safe for concurrent use.
/// </summary>
public sealed class FakeRedis : IAsyncDisposable
{
    private const int Attempts = 20;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new(); // guards _connections, _waiters, _listener and _accepting
    private readonly List<FakeConnection> _connections = [];
    private readonly List<(Func<bool> IsTrue, TaskCompletionSource Signal)> _waiters = [];
    private TcpListener? _listener;
    private Task _accepting = Task.CompletedTask;

    private FakeRedis(int port) => Port = port;

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>"127.0.0.1:" and the port.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>
    /// Called for each command of each connection, in order, when its turn has come; null leaves the command to
    /// <see cref="FakeConnection.DefaultReply" />. It may be replaced at any time.
    /// </summary>
    public Func<FakeConnection, string[], FakeReply?>? Handler { get; set; }

    /// <summary>Whether every byte is a write, and with it a packet, of its own.</summary>
    public bool SplitsBytes { get; set; }

    /// <summary>Whether it knows no HELLO, as servers before Redis 6.</summary>
    public bool IsResp2Only { get; set; }

    /// <summary>Not null: commands before a sign-in with it are refused.</summary>
    public string? Password { get; set; }

    /// <summary>The user of <see cref="Password" />.</summary>
    public string User { get; set; } = "default";

    /// <summary>What HELLO says: "master" or "replica".</summary>
    public string Role { get; set; } = "master";

    /// <summary>What HELLO says: "standalone", "sentinel" or "cluster".</summary>
    public string Mode { get; set; } = "standalone";

    /// <summary>No connection is read from before it completes, so that a client's writes fill the buffers of the system.</summary>
    public Task ReadGate { get; set; } = Task.CompletedTask;

    /// <summary>The values: the database's number, a blank and the key; then the value.</summary>
    public ConcurrentDictionary<string, string> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>All connections that were ever accepted, in that order, open or closed.</summary>
    public IReadOnlyList<FakeConnection> Connections
    {
        get
        {
            lock (_lock)
            {
                return [.. _connections];
            }
        }
    }

    /// <summary>Starts one on a free port.</summary>
    public static FakeRedis Start(Func<FakeConnection, string[], FakeReply?>? handler = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var fake = new FakeRedis(RedisPorts.Next()) { Handler = handler };
            try
            {
                fake.Listen();
                return fake;
            }
            catch (SocketException) when (attempt < Attempts)
            {
                // Somebody took the port meanwhile: the next one.
            }
        }
    }

    /// <summary>Accepts connections again after <see cref="StopListeningAsync" />.</summary>
    public void Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, Port);
        listener.Start();
        lock (_lock)
        {
            _listener = listener;
            _accepting = AcceptAsync(listener);
        }
    }

    /// <summary>Refuses new connections; open ones stay.</summary>
    public async Task StopListeningAsync()
    {
        Task accepting;
        lock (_lock)
        {
            _listener?.Dispose();
            _listener = null;
            accepting = _accepting;
        }

        await accepting;
    }

    /// <summary>Closes every open connection and waits until they are.</summary>
    public Task CloseAllConnectionsAsync() => Task.WhenAll(Connections.Select(static connection => connection.CloseAsync()));

    /// <summary>Waits for the connection of a number, counted from 1 over the life of the server.</summary>
    public async Task<FakeConnection> WaitForConnectionAsync(int number, TimeSpan? limit = null)
    {
        await WaitUntilAsync(() => Connections.Count >= number, $"connection {number} (there were {Connections.Count})", limit);
        return Connections[number - 1];
    }

    /// <summary>Waits until a connection has received a command with this name, and returns the connection; past commands count.</summary>
    public async Task<FakeConnection> WaitForCommandAsync(string name, TimeSpan? limit = null)
    {
        FakeConnection? found = null;
        await WaitUntilAsync(
            () =>
            {
                found = Connections.FirstOrDefault(connection => connection.Commands.Any(command => FakeConnection.Is(command, name)));
                return found is not null;
            },
            $"the command {name}",
            limit);
        return found!;
    }

    /// <summary>Waits until something about connections or received commands is so. It is looked at after each change of those.</summary>
    /// <param name="isTrue">Looks at <see cref="Connections" /> and their commands; must not block.</param>
    /// <param name="what">For the message when it is not so in time.</param>
    /// <param name="limit">Null is 30 s.</param>
    /// <exception cref="TimeoutException">It was not so in time.</exception>
    public async Task WaitUntilAsync(Func<bool> isTrue, string what, TimeSpan? limit = null)
    {
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiters.Add((isTrue, signal));
        }

        Changed();
        var length = limit ?? TimeSpan.FromSeconds(30);
        try
        {
            await signal.Task.WaitAsync(length);
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"Waited {length.TotalSeconds} s for {what}.", timeout);
        }
        finally
        {
            lock (_lock)
            {
                _waiters.RemoveAll(waiter => waiter.Signal == signal);
            }
        }
    }

    /// <summary>Stops listening and closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopListeningAsync();
        await CloseAllConnectionsAsync();
        await _stop.CancelAsync();
        _stop.Dispose();
    }

    /// <summary>Tells those who wait that something may have become true.</summary>
    internal void Changed()
    {
        List<(Func<bool> IsTrue, TaskCompletionSource Signal)> waiting;
        lock (_lock)
        {
            waiting = [.. _waiters];
        }

        foreach (var (_, signal) in waiting.Where(static waiter => waiter.IsTrue()))
        {
            signal.TrySetResult();
        }
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            try
            {
                var socket = await listener.AcceptSocketAsync(_stop.Token);
                lock (_lock)
                {
                    _connections.Add(new FakeConnection(this, socket, _connections.Count + 1));
                }

                Changed();
            }
            catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
            {
                return; // the listener was closed
            }
        }
    }
}
