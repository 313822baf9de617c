using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Millrace.Caching.Tests.Remote;

/// <summary>Stands between nodes and their server, and can make the way long: all that is sent arrives, in order, that much later.</summary>
internal sealed class DelayingProxy : IAsyncDisposable
{
    private const int PiecesOnTheWay = 4096; // beyond that the sender waits, as a socket makes it wait

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly int _target;
    private long _delayTicks;
    private Task _accepting = Task.CompletedTask;

    private DelayingProxy(int target) => _target = target;

    public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>How long each way takes for what is sent from now on, in each direction; what is on its way keeps its time. Default none.</summary>
    public TimeSpan Delay
    {
        get => new(Volatile.Read(ref _delayTicks));
        set => Volatile.Write(ref _delayTicks, value.Ticks);
    }

    public static DelayingProxy Start(int target)
    {
        var proxy = new DelayingProxy(target);
        proxy._listener.Start();
        proxy._accepting = proxy.AcceptAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var relays = new List<Task>();
        try
        {
            while (true)
            {
                relays.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_stopping.Token)));
            }
        }
        finally
        {
            await Task.WhenAll(relays).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient { NoDelay = true })
        {
            client.NoDelay = true;
            await server.ConnectAsync(IPAddress.Loopback, _target, _stopping.Token);
            await Task.WhenAll(PassAsync(client, server), PassAsync(server, client));
        }
    }

    private async Task PassAsync(TcpClient from, TcpClient to)
    {
        var way = Channel.CreateBounded<(long Due, byte[] Piece)>(PiecesOnTheWay);
        await Task.WhenAll(TakeAsync(from, way.Writer), GiveAsync(to, way.Reader));
    }

    private async Task TakeAsync(TcpClient from, ChannelWriter<(long Due, byte[] Piece)> way)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await from.GetStream().ReadAsync(buffer, _stopping.Token)) > 0)
            {
                var due = Stopwatch.GetTimestamp() + (long)(Delay.TotalSeconds * Stopwatch.Frequency);
                await way.WriteAsync((due, buffer[..count]), _stopping.Token);
            }
        }
        catch (Exception ended) when (ended is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // a reset, or the proxy ends: the other side hears of its end all the same
        }
        finally
        {
            way.Complete();
        }
    }

    private async Task GiveAsync(TcpClient to, ChannelReader<(long Due, byte[] Piece)> way)
    {
        try
        {
            await foreach (var (due, piece) in way.ReadAllAsync(_stopping.Token))
            {
                if (due > Stopwatch.GetTimestamp())
                {
                    await Task.Delay(Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due), TimeProvider.System, _stopping.Token);
                }

                await to.GetStream().WriteAsync(piece, _stopping.Token);
            }

            to.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception ended) when (ended is IOException or SocketException or ObjectDisposedException)
        {
            to.Close(); // so that nothing is taken any more for who does not take it
        }
    }
}
