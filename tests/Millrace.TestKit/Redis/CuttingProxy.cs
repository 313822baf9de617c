using System.Net;
using System.Net.Sockets;

namespace Millrace.TestKit.Redis;

/// <summary>
/// Stands between clients and a server and cuts each connection after a random number of bytes in a random direction, so in the middle of
/// commands, replies and handshakes; every other cut is a reset. Safe for concurrent use.
/// </summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private const int Attempts = 20;
    private const int MinimumBytes = 40;
    private const int MaximumBytes = 400_000;
    private readonly int _target;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new(); // guards _random and _relays
    private readonly Random _random;
    private readonly List<Task> _relays = [];
    private readonly Task _accepting;
    private int _cuts;

    private CuttingProxy(int port, int target, int seed)
    {
        _target = target;
        _random = new Random(seed);
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Port = port;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>"127.0.0.1:" and the port.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Whether connections are cut; those that are open when this becomes true are cut too. Default false.</summary>
    public bool IsCutting { get; set; }

    /// <summary>How many connections it has cut.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>Starts one on a free port.</summary>
    /// <param name="target">The server's port on 127.0.0.1.</param>
    /// <param name="seed">Decides where it cuts.</param>
    public static CuttingProxy Start(int target, int seed)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new CuttingProxy(RedisPorts.Next(), target, seed);
            }
            catch (SocketException) when (attempt < Attempts)
            {
                // Somebody took the port meanwhile: the next one.
            }
        }
    }

    /// <summary>Stops listening and closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Task[] relays;
        lock (_lock)
        {
            relays = [.. _relays];
        }

        await Task.WhenAll(relays);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                lock (_lock)
                {
                    var bytes = (long)(MinimumBytes * Math.Pow((double)MaximumBytes / MinimumBytes, _random.NextDouble())); // small and large alike
                    var plan = new Plan(_random.Next(2) == 0, bytes, _random.Next(2) == 0);
                    _relays.RemoveAll(static relay => relay.IsCompleted);
                    _relays.Add(RelayAsync(client, plan));
                }
            }
            catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return; // the listener was closed
            }
        }
    }

    private async Task RelayAsync(Socket client, Plan plan)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        using (var ending = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))
        {
            try
            {
                client.NoDelay = true;
                await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _target), ending.Token);
                var there = PumpAsync(client, server, plan.CutsCommands ? plan.Bytes : long.MaxValue, ending);
                var back = PumpAsync(server, client, plan.CutsCommands ? long.MaxValue : plan.Bytes, ending);
                if ((await Task.WhenAll(there, back)).Any(static wasCut => wasCut))
                {
                    Interlocked.Increment(ref _cuts);
                    if (plan.Resets)
                    {
                        client.LingerState = new LingerOption(true, 0);
                    }
                }
            }
            catch (Exception ended) when (ended is SocketException or OperationCanceledException)
            {
                // The server is away, or the proxy ends.
            }
        }
    }

    /// <returns>Whether this direction was cut.</returns>
    private async Task<bool> PumpAsync(Socket from, Socket to, long limit, CancellationTokenSource ending)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            for (long done = 0; ;)
            {
                var count = await from.ReceiveAsync(buffer, ending.Token);
                var isCut = IsCutting && done + count >= limit;
                if (count > 0)
                {
                    var rest = buffer.AsMemory(0, isCut ? (int)Math.Max(0, limit - done) : count);
                    while (!rest.IsEmpty)
                    {
                        rest = rest[await to.SendAsync(rest, ending.Token)..];
                    }
                }

                done += count;
                if (count == 0 || isCut)
                {
                    return isCut && count > 0;
                }
            }
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            await ending.CancelAsync();
        }
    }

    /// <summary>Where a connection is cut.</summary>
    private sealed record Plan(bool CutsCommands, long Bytes, bool Resets);
}
