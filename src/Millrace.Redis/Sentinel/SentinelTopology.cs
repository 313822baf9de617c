using System.Buffers;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;
using Millrace.Redis.Routing;

namespace Millrace.Redis.Sentinel;

/// <summary>A primary with its replicas, which Sentinels watch and replace.</summary>
/// <remarks>
/// <para>The way of a failover:</para>
/// <list type="number">
/// <item>Notice: the Sentinel that is listened to says so; or the primary's connection is lost, or it says that it is a replica, is
/// loading or has lost its primary; or, where all of that is missed, the question that is asked every ten seconds anyway.</item>
/// <item>Find: the Sentinels are asked until one names a server that says itself that it is a primary.</item>
/// <item>Switch: commands go to the new primary from then on. The old one's connections are ended at once, so that nothing is written to
/// it any more, also where it still takes it. What it had not been sent goes to the new one; what it had been sent fails as
/// <see cref="RedisDelivery.MayHaveRun"/>.</item>
/// <item>Resend: commands that were refused without having run, and waited for the outcome, go to the new primary.</item>
/// </list>
/// <para>A connection to a primary is used only after a Sentinel, where one can be reached, has said that it still is one.</para>
/// </remarks>
internal sealed class SentinelTopology : Topology, IRedirector, ILinkObserver
{
    private const int MaximumRepetitions = 16;
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly ClientContext _context; // of the data servers, observed by this
    private readonly ILinkObserver _observer;
    private readonly SentinelAccess _access;
    private readonly PrimaryFinder _finder;
    private readonly SentinelWatcher _watcher;
    private readonly ReplicaNodes _replicas;
    private readonly WaitingRoom _waiting;
    private readonly WakeUp _wake;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new(); // guards _retiring
    private readonly HashSet<Task> _retiring = [];
    private volatile ServerNode? _primary;
    private volatile bool _isSuspect; // the primary gave cause for doubt
    private volatile RedisException? _failure; // why the last search failed
    private Task _searching = Task.CompletedTask;
    private Task _watching = Task.CompletedTask;

    public SentinelTopology(ClientContext context)
    {
        _observer = context.Observer;
        _context = context with { Observer = this };
        _access = new SentinelAccess(context);
        var sentinels = new SentinelList(context.Options.Endpoints);
        _finder = new PrimaryFinder(_access, sentinels);
        _wake = new WakeUp(context.Time);
        _watcher = new SentinelWatcher(_access, sentinels, Refresh);
        _replicas = new ReplicaNodes(_context, GiveUpReplica);
        _waiting = new WaitingRoom(context, DescribeWait);
    }

    public override bool IsConnected => _primary is { IsConnected: true };

    public override SlotUse SlotUse => ServerNode.LinksPerServer(_context.Options) > 1 ? SlotUse.Spread : SlotUse.None;

    public override IReadOnlyList<ServerNode> Nodes => _primary is { } primary ? [primary, .. _replicas.All] : [.. _replicas.All];

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _searching = Task.Run(() => SearchAsync(first), CancellationToken.None);
        _watching = Task.Run(() => _watcher.RunAsync(_stopping.Token), CancellationToken.None);
        await first.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        await _primary!.ConnectedAsync(cancellationToken).ConfigureAwait(false);
        await _replicas.SettledAsync(cancellationToken).ConfigureAwait(false);
        if (_context.Options.ReadFrom == RedisReadFrom.Replica && _replicas.Next() is null)
        {
            throw new RedisConnectionException(NoReplica());
        }
    }

    public override void Send(RedisOperation operation)
    {
        if (_context.Options.ReadFrom != RedisReadFrom.Primary && MayReadFromReplica(operation))
        {
            Read(operation);
        }
        else
        {
            Write(operation);
        }
    }

    public override void Send(ReadOnlySpan<RedisOperation> operations)
    {
        foreach (var operation in operations)
        {
            operation.Redirector ??= this;
        }

        // They stay together: with a write among them all go to the primary, so that reads see the writes before them.
        var node = _context.Options.ReadFrom == RedisReadFrom.Primary || !MayReadFromReplica(operations) ? _primary : _replicas.Next();
        if (node is not null)
        {
            node.Send(operations);
            return;
        }

        foreach (var operation in operations)
        {
            Send(operation);
        }
    }

    public override ServerNode NodeOf(int slot) => _primary ?? throw new RedisConnectionException(DescribeWait(), _failure);

    public override void Refresh() => _wake.Call();

    public bool TryRedirect(RedisOperation operation, in ReadOnlySequence<byte> error, RespConnection connection)
    {
        var reader = new RespReader(error);
        if (reader.ReadError().Code is not ("READONLY" or "LOADING" or "MASTERDOWN") || operation.Repetitions >= MaximumRepetitions)
        {
            return false;
        }

        operation.Repetitions++;
        var isPrimary = _primary is { } primary && connection.Server == primary.Setup.Server;
        if (!isPrimary && _context.Options.ReadFrom != RedisReadFrom.Replica)
        {
            Write(operation); // a replica refused it, or a former primary: to the primary at once
            return true;
        }

        _isSuspect |= isPrimary;
        _waiting.Add(operation);
        _wake.Call();
        return true;
    }

    public void OnConnected(ServerLink link, ServerGreeting greeting) => _observer.OnConnected(link, greeting);

    public void OnConnectFailed(ServerLink link, Exception error)
    {
        _observer.OnConnectFailed(link, error);
        Doubt(link);
    }

    public void OnDisconnected(ServerLink link, Exception reason)
    {
        _observer.OnDisconnected(link, reason);
        Doubt(link);
    }

    public void OnPush(ServerLink link, ref RespReader push) => _observer.OnPush(link, ref push);

    public override async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_searching, _watching).ConfigureAwait(false);
        foreach (var node in Nodes)
        {
            await node.DisposeAsync().ConfigureAwait(false);
        }

        Task[] retiring;
        lock (_lock)
        {
            retiring = [.. _retiring];
        }

        await Task.WhenAll(retiring).ConfigureAwait(false);
        _waiting.Dispose();
        _stopping.Dispose();
    }

    private static bool MayReadFromReplica(ReadOnlySpan<RedisOperation> operations)
    {
        foreach (var operation in operations)
        {
            if (!MayReadFromReplica(operation))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A cursor means something only to the server that gave it: scans stay on the primary.</summary>
    private static bool MayReadFromReplica(RedisOperation operation) => operation.Name is { IsReadOnly: true, Text: not ("SCAN" or "HSCAN" or "SSCAN" or "ZSCAN") };

    private void Read(RedisOperation operation)
    {
        operation.Redirector ??= this;
        if (_replicas.Next() is { } replica)
        {
            replica.Send(operation);
        }
        else if (_context.Options.ReadFrom == RedisReadFrom.PreferReplica)
        {
            Write(operation);
        }
        else
        {
            operation.Fail(new RedisConnectionException($"{operation.Name.Text} was not sent: {NoReplica()}", null, operation.Name.Text, RedisDelivery.NotSent, _failure));
        }
    }

    private void Write(RedisOperation operation)
    {
        operation.Redirector ??= this;
        if (_primary is { } primary)
        {
            primary.Send(operation);
            return;
        }

        _waiting.Add(operation);
        if (_primary is not null)
        {
            _waiting.Release(Send); // it was found between the look and the waiting
        }
    }

    private async Task SearchAsync(TaskCompletionSource first)
    {
        var time = _context.Time;
        var began = time.GetTimestamp();
        var pause = new Backoff(_context.Options);
        while (!_stopping.IsCancellationRequested)
        {
            var searched = time.GetTimestamp();
            if (await TrySearchAsync().ConfigureAwait(false))
            {
                first.TrySetResult();
                await WaitAsync(CheckInterval).ConfigureAwait(false);
                if (time.GetElapsedTime(searched) > LongestPause)
                {
                    pause.Reset();
                    continue; // at once: the doubt is new
                }
            }
            else if (_failure is { } failure && (failure is not RedisConnectionException || time.GetElapsedTime(began) > _context.Options.ConnectTimeout))
            {
                first.TrySetException(failure);
            }

            var delay = pause.Next();
            await Task.Delay(delay < LongestPause ? delay : LongestPause, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        first.TrySetException(new RedisConnectionException("The client was disposed while it looked for its primary."));
        _ = first.Task.Exception; // nobody may be waiting for it
    }

    private async Task WaitAsync(TimeSpan longest)
    {
        try
        {
            await _wake.WaitAsync(longest, _stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client stops; the loop looks itself.
        }
    }

    private async Task<bool> TrySearchAsync()
    {
        try
        {
            var answer = await _finder.FindAsync(IsInUse, _stopping.Token).ConfigureAwait(false);
            _failure = null;
            Use(answer);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception failure)
        {
            // The top of the loop: whatever went wrong, it goes on looking.
            _failure = failure as RedisException ?? new RedisException($"The search for the primary of '{_access.Service}' failed: {failure.Message}", failure);
            return false;
        }
    }

    private bool IsInUse(RedisEndpoint endpoint) => !_isSuspect && _primary is { IsConnected: true } primary && primary.Endpoint == endpoint;

    private void Use(SentinelAnswer answer)
    {
        var endpoint = answer.Primary!.Value;
        _isSuspect = false;
        if (_primary is not { } primary || primary.Endpoint != endpoint)
        {
            var next = new ServerNode(endpoint, _context, AdmitAsync);
            next.Start();
            Retire(_primary, next.Send, TimeSpan.Zero); // no further command is sent there, and what waited goes before what comes
            _primary = next;
        }

        if (_context.Options.ReadFrom != RedisReadFrom.Primary)
        {
            _replicas.Update(answer.Replicas.Where(replica => replica != endpoint));
        }

        _waiting.Release(Send);
    }

    /// <summary>Looks at a new connection to the primary before it is used.</summary>
    private async ValueTask AdmitAsync(RedisEndpoint endpoint, ServerGreeting greeting, CancellationToken cancellationToken)
    {
        if (greeting.IsReplica || await _finder.IsReplacedAsync(endpoint, cancellationToken).ConfigureAwait(false))
        {
            _isSuspect = true;
            _wake.Call();
            throw new RedisConnectionException($"{endpoint} is no longer the primary of '{_access.Service}'; the Sentinels are asked for the new one.");
        }
    }

    private void Doubt(ServerLink link)
    {
        if (_primary is { } primary && primary.Links.Contains(link) || _replicas.TryGiveUp(link))
        {
            _wake.Call();
        }
    }

    private void GiveUpReplica(ServerNode node) => Retire(node, Send, _context.Options.CommandTimeout); // what it was asked it may still answer

    private void Retire(ServerNode? node, Action<RedisOperation> takeOver, TimeSpan drain)
    {
        if (node is null)
        {
            return;
        }

        var retiring = node.RetireAsync(takeOver, drain, _stopping.Token);
        lock (_lock)
        {
            _retiring.RemoveWhere(static task => task.IsCompleted);
            _retiring.Add(retiring);
        }
    }

    private string NoReplica() =>
        $"ReadFrom is Replica, and no replica of '{_access.Service}' can be reached. Start one, or set ReadFrom to PreferReplica to read from the primary meanwhile.";

    private string DescribeWait() => _failure is { } failure
        ? failure.Message
        : $"the primary of '{_access.Service}' is not known yet, or refused it for now.";
}
