using System.Globalization;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local;
using Millrace.Caching.Statistics;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

// Whether this node may believe what it has: the connection to Redis from the side of coherence.
//
// Two streams tell of changes. The server tells on the very connection that reads which keys have changed (CLIENT TRACKING), whoever changed them;
// where it cannot, nodes do on the other one (RedisLink.Keys.cs).
// Nodes tell each other of tags, patterns and everything, and of keys where the caller wants to hear that all have heard, on one channel. Each
// message there is numbered by the script that publishes it.
//
// Of a cluster each server comes and goes for itself (RedisLink.Servers.cs); what is said here is said of the one with the state and the channel.
//
// State          what happens                                                             level is asked   copies are fresh
//   Recovering   subscribe; hear an own probe on the subscription; of several servers see   no               no
//                which lists of them are in use (LayoutWatch); carry out what is owed (Journal); load marks; first heartbeat  ──► Ready
//   Ready        a heartbeat every third of the trust duration                              until the trust ends, both
//
// From Ready to Recovering (Lose): a tracked connection was lost; the subscription says that messages may be missing; a number was left out; the
// server's numbers went back (a failover, a flush); an invalidation of this node failed; some commands in a row, or two heartbeats, had no answer; the
// trust had ended when it could be renewed.
//
// Invalidations of this node are sent to the server again as soon as it carries out what is owed, before it is asked anything: were they owed until
// then, a node that invalidates all the time would never have paid.
//
// Trust: a heartbeat that was sent at t and told that n messages had been published renews the trust until t + duration as soon as message n has
// been handled. So a node whose subscription is dead, or that was stopped for a while, serves nothing as fresh after that time, without having to
// notice anything; and the sender of a confirmed invalidation waits for no node longer than its trust lasts by the server's clock, which got the
// heartbeat later than t.
internal sealed partial class RedisLink : RedisInvalidationHandler, IAsyncDisposable
{
    private const int MaximumHeartbeats = 16;
    private const int PatternReloads = 60; // heartbeats between two looks at which patterns are still of use

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly string _cacheName;
    private readonly RedisNames _names;
    private readonly RedisCacheOptions _options;
    private readonly RedisOptions _redis;
    private readonly RedisClientServices _services;
    private volatile ILocalLevel _local; // of a cluster, its SlotGroups: written once, by the loop
    private readonly RemoteMarks _marks;
    private readonly Journal _journal;
    private readonly ServerClock _serverClock;
    private readonly ServedFloors _served;
    private readonly RedisLayouts? _layouts; // null: there is one server
    private readonly CacheClock _clock;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Task _running;
    private RedisClient? _client; // written once, by the loop

    private readonly Lock _lock = new(); // guards the fields below
    private TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isReady;
    private bool _isWritable;
    private long _trustedUntil; // a timestamp of the cache's clock; 0: not at all
    private long _losses;
    private long _handled; // the number of the last message that was handled without a gap
    private readonly Queue<(long Sent, long Number)> _heartbeats = new(); // answered, their messages not all handled
    private string? _memory; // the name of the server's, by the last recovery
    private SubscriptionProbe? _probe;
    private long? _outageBegan;

    public RedisLink(
        string cacheName,
        RedisNames names,
        RedisCacheOptions options,
        (RedisOptions Options, RedisClientServices Services) redis,
        (ILocalLevel Local, RemoteMarks Marks, Journal Journal, ServerClock ServerClock, ServedFloors Served, RedisLayouts? Layouts) parts,
        CacheClock clock,
        TimeProvider time,
        ILogger logger)
    {
        (_cacheName, _names, _options, _clock, _time, _logger) = (cacheName, names, options, clock, time, logger);
        (_local, _marks, _journal, _serverClock, _served, _layouts) = parts;
        (_redis, _services) = redis;
        Confirmations = new Confirmations(time);
        Node = $"{Environment.MachineName}-{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}-{Guid.NewGuid():N}";
        _local.TrustUntil(0);
        Publisher = new RedisPublisher(Node, names, _marks, _serverClock, time);
        _running = Task.Run(RunAsync);
    }

    /// <summary>This node's name, unique in each process's life.</summary>
    public string Node { get; }

    public Confirmations Confirmations { get; }
    public RedisPublisher Publisher { get; }
    public Breaker Breaker { get; } = new();
    public OrphanLeases Orphans { get; } = new();

    /// <summary>Whether the servers are a cluster, whose scripts cannot touch several slots.</summary>
    public bool IsCluster { get; private set; }

    /// <summary>
    /// Whether the level is asked, and what it answers can be judged: that takes the words of other nodes, so it ends with the trust in having heard
    /// them all.
    /// </summary>
    public bool IsReady => Volatile.Read(ref _isReady) && _clock.Now < Volatile.Read(ref _trustedUntil);

    /// <summary>How often trust was lost. While it stands, and <see cref="IsReady"/>, the marks are whole.</summary>
    public long Losses => Volatile.Read(ref _losses);

    /// <summary>Whether the server is told of this node's changes: what is owed is being paid, or was.</summary>
    public bool IsWritable => Volatile.Read(ref _isWritable);

    /// <summary>The client. Only while <see cref="IsReady"/> or <see cref="IsWritable"/>, or after one of them was.</summary>
    public RedisClient Client => Volatile.Read(ref _client) ?? throw new InvalidOperationException("The client is not there yet.");

    /// <summary>Ends when the link is ready; or at once when it is known not to be, or when the time-out of a command is over.</summary>
    public async ValueTask ReadyAsync(CancellationToken cancellationToken)
    {
        Task ready;
        lock (_lock)
        {
            if (_isReady || _outageBegan is not null)
            {
                return;
            }

            ready = _ready.Task;
        }

        try
        {
            await ready.WaitAsync(_options.Timeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return; // the caller goes on without
        }
    }

    /// <summary>Trust is lost: recovery begins.</summary>
    public void Lose(string reason) => Lose(reason, always: true);

    /// <summary>The same where what was lost is in the journal: a recovery that is under way pays that, too.</summary>
    public void LoseWhatIsOwed(string reason) => Lose(reason, always: false);

    private void Lose(string reason, bool always)
    {
        lock (_lock)
        {
            var wasReady = _isReady;
            if (!wasReady && !always)
            {
                return;
            }

            if (wasReady)
            {
                _local.TrustUntil(0); // first: who sees that the level is away finds no copy fresh any more
            }

            Volatile.Write(ref _isReady, false);
            Volatile.Write(ref _isWritable, false);
            Volatile.Write(ref _losses, _losses + 1);
            _heartbeats.Clear();
            _handled = 0;
            _marks.Doubt();
            _journal.OweRecent();
            _served.Lost();
            if (!wasReady)
            {
                return;
            }

            _ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            TrustUntil(0);
            _local.TrustLost();
        }

        Log.TrustLost(_logger, _cacheName, reason);
        Wake();
    }

    public override void OnInvalidated(ReadOnlySpan<byte> key)
    {
        if (_names.KeyOf(key) is { } name)
        {
            _local.KeyChanged(name);
        }
    }

    public override void OnAllInvalidated(RedisTrackedConnection connection)
    {
        _local.EverythingInvalidated();
        Lose("the database was flushed");
    }

    public override void OnTrustLost(RedisTrackedConnection connection) => LoseServer(connection.Server, $"the connection {connection} was lost");

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _local.TrustUntil(0);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private void Wake()
    {
        if (_wake.CurrentCount == 0 && !_stopping.IsCancellationRequested)
        {
            _wake.Release(); // twice at once wakes once too often, which does no harm
        }
    }

    private async Task RunAsync()
    {
        var stop = _stopping.Token;
        RedisClient? client = null;
        RedisSubscription? subscription = null;
        Task listening = Task.CompletedTask;
        var failures = 0;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (client is null)
                {
                    client = await RedisClient.ConnectAsync(_redis, _services, stop).ConfigureAwait(false);
                    client.AddInvalidationHandler(this);
                    Volatile.Write(ref _client, client);
                }

                if (subscription is null || listening.IsCompleted)
                {
                    IsCluster = (await client.InfoAsync("cluster", stop).ConfigureAwait(false)).GetValueOrDefault("cluster_enabled") == "1";
                    if (IsCluster && _groups is null && SlotGroups.Of(_names, _local) is { } groups)
                    {
                        (_local, _groups) = (groups, groups);
                    }

                    await WarnOfEvictionAsync(client, stop).ConfigureAwait(false);
                    RedisKey[] channels = [_names.Channel, _names.AnswersPrefix + Node];
                    subscription = IsCluster
                        ? await client.ShardSubscribeAsync(channels, cancellationToken: stop).ConfigureAwait(false)
                        : await client.SubscribeAsync(channels, cancellationToken: stop).ConfigureAwait(false);
                    listening = ListenAsync(client, subscription, stop);
                }

                await RecoverAsync(client, stop).ConfigureAwait(false);
                failures = 0;
                RestoreServers(client, stop);
                await WatchAsync(client, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure) // the top of the loop: whatever it was, nothing is trusted until recovery succeeds
            {
                Lose(failure.Message);
                _layouts?.Away();
                if (_outageBegan is null)
                {
                    _outageBegan = _time.GetTimestamp();
                    Log.SecondLevelAway(_logger, failure, _cacheName);
                }

                await DelayAsync(RetryDelay * Math.Min(10, ++failures), stop).ConfigureAwait(false);
            }
        }

        await _restoring.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await LeaveAsync(client).ConfigureAwait(false);
        if (subscription is not null)
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
        }

        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (client is not null)
        {
            await client.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Waits; a loss or a return of the connection ends it early.</summary>
    private async Task DelayAsync(TimeSpan delay, CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var timer = Task.Delay(delay, _time, ended.Token);
        await Task.WhenAny(timer, _wake.WaitAsync(ended.Token)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
    }

    private async Task RecoverAsync(RedisClient client, CancellationToken stop)
    {
        var losses = Losses;
        ThrowIfUnsupported();
        await ProbeAsync(client, stop).ConfigureAwait(false);
        if (_layouts is not null)
        {
            await _layouts.SettleAsync(client, stop).ConfigureAwait(false);
        }

        lock (_lock)
        {
            ThrowIfLost(losses);
            Volatile.Write(ref _isWritable, true);
        }

        do
        {
            await Publisher.RepayAsync(client, _journal, IsCluster, RemoveAsync, stop).ConfigureAwait(false);
            await ReleaseOrphansAsync(stop).ConfigureAwait(false);
            var heartbeat = await HeartbeatAsync(client, stop).ConfigureAwait(false);
            var patterns = await client.ZRangeWithScoresAsync(_names.Patterns, cancellationToken: stop).ConfigureAwait(false);
            var known = patterns.Select(static p => (Stamp: (long)p.Score, Glob: KeyGlob.TryParse(System.Text.Encoding.UTF8.GetString(p.Member), out _)))
                .Where(static p => p.Glob is not null).Select(static p => (p.Stamp, p.Glob!));
            lock (_lock)
            {
                ThrowIfLost(losses);
                _marks.Load(heartbeat.Everything, heartbeat.TagFloor, known);
                _handled = Math.Max(_handled, heartbeat.Number);
                _memory = heartbeat.Memory;
                if (!_journal.IsOwing) // by those who began before they could write
                {
                    Trust(heartbeat.Sent);
                }
            }
        }
        while (!Volatile.Read(ref _isReady) && Losses == losses);

        if (_outageBegan is { } began)
        {
            _outageBegan = null;
            Log.SecondLevelBack(_logger, _cacheName, _time.GetElapsedTime(began));
        }
    }

    private void ThrowIfLost(long losses)
    {
        if (losses != _losses)
        {
            throw new RedisConnectionException("The connection was lost while it was being restored.");
        }
    }

    /// <summary>Hears its own voice: only then is the subscription known to be alive.</summary>
    private async Task ProbeAsync(RedisClient client, CancellationToken stop)
    {
        var probe = new SubscriptionProbe();
        Volatile.Write(ref _probe, probe);
        await client.ExecuteAsync(RedisPublisher.Command(IsCluster), stop, [(RedisKey)(_names.AnswersPrefix + Node), probe.Text]).ConfigureAwait(false);
        await probe.Heard.WaitAsync(_options.Timeout + _options.Timeout, _time, stop).ConfigureAwait(false);
    }

    private async Task WatchAsync(RedisClient client, CancellationToken stop)
    {
        var failed = false;
        for (var beats = 1; ; beats++)
        {
            await DelayAsync(_options.TrustDuration / 3, stop).ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
            if (!Volatile.Read(ref _isReady))
            {
                return; // to recovery
            }

            try
            {
                var handledBefore = Volatile.Read(ref _handled);
                var heartbeat = await HeartbeatAsync(client, stop).ConfigureAwait(false);
                failed = false;
                _marks.Raise(heartbeat.Everything, heartbeat.TagFloor);
                if (heartbeat.Memory != _memory)
                {
                    Lose("the server was emptied"); // and counts its messages anew
                    return;
                }

                if (_journal.IsOwing)
                {
                    Lose("it was away for a while"); // what is owed is paid first
                    return;
                }

                Renew(heartbeat.Sent, heartbeat.Number, handledBefore);
                RestoreServers(client, stop);
                await ReleaseOrphansAsync(stop).ConfigureAwait(false);
                if (beats % PatternReloads == 0)
                {
                    var patterns = await client.ZRangeAsync(_names.Patterns, cancellationToken: stop).ConfigureAwait(false);
                    _marks.Keep(patterns.Select(System.Text.Encoding.UTF8.GetString).ToHashSet(StringComparer.Ordinal), heartbeat.Clock);
                }
            }
            catch (RedisException) when (!failed)
            {
                failed = true; // once may be chance
            }
        }
    }

    private async Task<(long Sent, long Clock, long Number, long Everything, long TagFloor, string? Memory)> HeartbeatAsync(RedisClient client, CancellationToken stop)
    {
        var (sent, asked) = (_clock.Now, _time.GetTimestamp());
        var reply = await client.EvaluateAsync(
            RedisScripts.Heartbeat, [_names.State, _names.Nodes], [Node, (long)_options.TrustDuration.TotalMilliseconds, Guid.NewGuid().ToString("N")], stop).ConfigureAwait(false);
        if (_serverClock.Synchronise(reply[0].AsInt64(), asked) is var ahead and > 0)
        {
            _served.Shift(ahead * 1000);
        }

        if (_layouts is not null)
        {
            await _layouts.AskAsync(client, stop).ConfigureAwait(false); // after it, and before it renews any trust: that is for those who know what is in use
        }

        var clock = reply[1].AsInt64();
        _serverClock.Saw(clock);
        return (sent, clock, reply[2].AsInt64(), Number(reply[3]), Number(reply[4]), reply[5].AsString());

        static long Number(RedisReply reply) => long.Parse(reply.AsString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }

    private async Task LeaveAsync(RedisClient? client)
    {
        if (client is not null && Volatile.Read(ref _isReady))
        {
            try
            {
                using var limit = new CancellationTokenSource(_options.Timeout, _time);
                await client.EvaluateAsync(RedisScripts.Heartbeat, [_names.State, _names.Nodes], [Node, 0, ""], limit.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is RedisException or OperationCanceledException)
            {
                // its trust ends by itself
            }
        }
    }
}
