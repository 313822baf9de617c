using System.Net;
using System.Net.Sockets;

namespace Millrace.Caching.Tests.Remote;

/// <summary>Stands between a node and its server, and can fall silent: connections stay open, nothing passes.</summary>
internal sealed class StallingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly int _target;
    private TaskCompletionSource _flow = Flowing();
    private Task _accepting = Task.CompletedTask;

    private StallingProxy(int target) => _target = target;

    public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public static StallingProxy Start(int target)
    {
        var proxy = new StallingProxy(target);
        proxy._listener.Start();
        proxy._accepting = proxy.AcceptAsync();
        return proxy;
    }

    public void Stall() => Volatile.Write(ref _flow, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    public void Resume() => Volatile.Read(ref _flow).TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private static TaskCompletionSource Flowing()
    {
        var flow = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        flow.SetResult();
        return flow;
    }

    private async Task AcceptAsync()
    {
        var pumps = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, _target, _stopping.Token);
                pumps.Add(PumpAsync(client, server));
                pumps.Add(PumpAsync(server, client));
            }
        }
        finally
        {
            await Task.WhenAll(pumps).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to)
    {
        using (from)
        using (to)
        {
            var buffer = new byte[16 * 1024];
            int count;
            while ((count = await from.GetStream().ReadAsync(buffer, _stopping.Token)) > 0)
            {
                await Volatile.Read(ref _flow).Task.WaitAsync(_stopping.Token);
                await to.GetStream().WriteAsync(buffer.AsMemory(0, count), _stopping.Token);
            }
        }
    }
}
