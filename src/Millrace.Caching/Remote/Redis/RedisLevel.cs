using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local;
using Millrace.Caching.Remote.Partitioned;
using Millrace.Caching.Remote.Redis.Sweeping;
using Millrace.Caching.Statistics;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

/// <summary>The second level in Redis. What is read and written there; <see cref="RedisLink"/> has the connection and the trust.</summary>
internal sealed partial class RedisLevel : SecondLevel
{
    private static readonly TimeSpan LeastLifetime = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan SaidAgain = TimeSpan.FromMinutes(1);

    private static readonly RedisReplyParser<StoredValue> CutReply =
        static (ref reader) => reader.TryReadContent(out var content) ? EntryCodec.Cut(content) : default;

    private readonly string _cacheName;
    private readonly RedisNames _names;
    private readonly RedisCacheOptions _options;
    private readonly RemoteMarks _marks;
    private readonly Journal _journal;
    private readonly ServedFloors _served = new();
    private readonly ServerClock _serverClock;
    private readonly RedisLink _link;
    private readonly RedisLayouts? _layouts;
    private readonly RedisSweeper _sweeper;
    private readonly Lazy<Task> _ending; // services know a cache under several keys, and dispose of it once for each
    private readonly KeyPatterns _patterns;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly int _maximumPayloadBytes;
    private readonly int _compressAbove;
    private long _refusalSaidAt;

    public RedisLevel(
        string cacheName,
        CacheOptions options,
        string prefix,
        (RedisOptions Options, RedisClientServices Services) redis,
        ILocalLevel local,
        KeyPatterns patterns,
        (CacheClock Clock, TimeProvider Provider) time,
        ILogger logger,
        (LayoutWatch Watch, int Partition)? layout = null)
    {
        (_cacheName, _patterns, _time, _logger) = (cacheName, patterns, time.Provider, logger);
        _names = new RedisNames(prefix);
        _options = options.Redis;
        _maximumPayloadBytes = options.MaximumPayloadBytes;
        _compressAbove = options.Compression ? options.CompressionThresholdBytes : int.MaxValue;
        _marks = new RemoteMarks(options.InvalidatedTagLimit);
        _journal = new Journal(time.Provider);
        _serverClock = new ServerClock(time.Provider);
        _layouts = layout is var (watch, partition) ? new RedisLayouts(watch, partition, _names, _serverClock, _options, time.Provider) : null;
        var connection = (Connection(redis.Options), redis.Services);
        _link = new RedisLink(
            cacheName, _names, _options, connection, (local, _marks, _journal, _serverClock, _served, _layouts), time.Clock, time.Provider, logger);
        _sweeper = new RedisSweeper(cacheName, _names, _link, _options.SweepKeysPerSecond, connection, time.Provider, logger);
        _ending = new Lazy<Task>(EndAsync);
    }

    public override bool IsAvailable => _link.IsReady;

    public override bool IsWhole => _link.IsWhole;

    public override bool IsAvailableFor(string key) => _link.IsReadyFor(key);

    public override bool HearsLate => true; // of its own changes not at all, with key tracking; of others' on another connection, without

    public override long Stamp => _serverClock.Stamp;

    public override long ServerNow => _serverClock.Now;

    public override SweepCounts Sweeps => _sweeper.Counts;

    /// <summary>This node's name among those that share the cache.</summary>
    public string Node => _link.Node;

    public override ValueTask ReadyAsync(CancellationToken cancellationToken) => _link.IsReady ? default : _link.ReadyAsync(cancellationToken);

    public override ValueTask<RemoteAnswer> ReadAsync(string key, string[] tags, CancellationToken cancellationToken)
    {
        var losses = _link.LossesOfAny;
        return _link.IsReadyFor(key) ? ReadAsync(_link.Client, losses, key, tags, _marks.Unknown(tags), cancellationToken) : new(new RemoteAnswer(RemoteAnswerKind.Unavailable));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>)), MethodImpl(MethodImplOptions.NoInlining)]
    private async ValueTask<RemoteAnswer> ReadAsync(
        RedisClient client, long losses, string key, string[] tags, RemoteMarks.Question? question, CancellationToken cancellationToken)
    {
        try
        {
            var get = client.GetAsync(_names.Of(key), CutReply, cancellationToken);
            StoredValue stored;
            if (question is null)
            {
                stored = await get.ConfigureAwait(false);
            }
            else
            {
                var asked = AskAsync(client, question, cancellationToken); // leaves in the same write
                try
                {
                    stored = await get.ConfigureAwait(false);
                }
                finally
                {
                    await asked.ConfigureAwait(false);
                }
            }

            _link.Succeeded(key);
            if (EntryCodec.Read(stored, tags, _maximumPayloadBytes, out var entry) is var kind && AsksMore(kind, entry, tags) is { } others)
            {
                await AskAsync(client, others, cancellationToken).ConfigureAwait(false);
                question = others;
            }

            return Judge(losses, key, stored, kind, entry, question);
        }
        catch (RedisException failure)
        {
            Failed(failure, key);
            return new RemoteAnswer(RemoteAnswerKind.Unavailable);
        }
    }

    public override async ValueTask<RemoteAnswer> LeaseAsync(string key, string[] tags, long invalid, CancellationToken cancellationToken)
    {
        var losses = _link.LossesOfAny;
        if (!_link.IsReadyFor(key))
        {
            return new RemoteAnswer(RemoteAnswerKind.Unavailable);
        }

        var duration = _options.LeaseDuration;
        var lease = EntryCodec.WriteLease(RandomNumberGenerator.GetBytes(EntryCodec.TokenLength), _serverClock.Now + (long)duration.TotalMilliseconds);
        try
        {
            var client = _link.Client;
            var seen = _serverClock.Stamp;
            if (_link.IsCluster)
            {
                var reply = await client.EvaluateAsync(RedisScripts.Stamp, [_names.State], [seen], cancellationToken).ConfigureAwait(false);
                seen = long.Parse(reply.AsString()!, CultureInfo.InvariantCulture);
            }

            var found = invalid == Any ? "*" : invalid < 0 ? "" : invalid.ToString("D16", CultureInfo.InvariantCulture);
            RedisArgument[] arguments = [lease, (long)duration.TotalMilliseconds, found, seen];
            var answer = await _link.EvaluateAsync(RedisScripts.Lease, key, [_names.Of(key), _names.State], arguments, cancellationToken).ConfigureAwait(false);
            _link.Succeeded(key);
            if (answer[0].AsInt64() == 1)
            {
                var stamp = long.Parse(answer[1].AsString()!, CultureInfo.InvariantCulture);
                _serverClock.Saw(stamp);
                return new RemoteAnswer(RemoteAnswerKind.Granted) { Lease = new RemoteLease(lease, stamp) };
            }

            return await JudgeAsync(client, losses, key, tags, EntryCodec.Cut(answer[1].AsBytes()), question: null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is RedisException or OperationCanceledException)
        {
            _link.Orphans.Add(key, lease); // it may have been given
            if (failure is not RedisException unavailable)
            {
                throw;
            }

            Failed(unavailable, key);
            return new RemoteAnswer(RemoteAnswerKind.Unavailable);
        }
    }

    public override async ValueTask<bool?> FillAsync(string key, RemoteLease lease, RemoteEntry entry, TimeSpan lifetime)
    {
        if (!_link.IsReadyFor(key))
        {
            Orphan(key, lease);
            return null;
        }

        if (_marks.Covers(key, entry.Stamp, []))
        {
            await ReleaseAsync(key, lease).ConfigureAwait(false); // invalidated by pattern, which leaves leases as they are: others need not wait
            return false;
        }

        try
        {
            var bytes = EntryCodec.Write(entry, _compressAbove);
            if (!lease.Replaces.IsEmpty)
            {
                var replaced = await ReplaceAsync(key, lease, bytes, entry, lifetime).ConfigureAwait(false);
                _link.Succeeded(key);
                return Saw(key, lease, replaced);
            }

            RedisArgument[] arguments =
            [
                lease.Bytes, bytes, Milliseconds(lifetime), lease.Stamp, .. entry.Tags.Select(static tag => (RedisArgument)tag),
            ];
            var stored = await _link.EvaluateAsync(RedisScripts.Fill, key, [_names.Of(key), _names.State, _names.Tags], arguments).ConfigureAwait(false);
            _link.Succeeded(key);
            return Saw(key, lease, stored);
        }
        catch (RedisException failure)
        {
            Refused(failure, key);
            Orphan(key, lease);
            return null;
        }
    }

    public override async ValueTask ReleaseAsync(string key, RemoteLease lease)
    {
        if (!lease.Replaces.IsEmpty)
        {
            await FailAsync(key, lease, TimeSpan.Zero).ConfigureAwait(false);
            return;
        }

        if (!_link.IsReadyFor(key))
        {
            Orphan(key, lease);
            return;
        }

        try
        {
            await _link.EvaluateAsync(RedisScripts.Release, key, [_names.Of(key)], [lease.Bytes]).ConfigureAwait(false);
        }
        catch (RedisException failure)
        {
            Orphan(key, lease);
            Failed(failure, key);
        }
    }

    public override async ValueTask<bool?> SetAsync(string key, RemoteEntry entry, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _journal.Note(JournalKind.Key, key);
        if (!_link.IsWritable)
        {
            _journal.Owe(JournalKind.Key, key);
            return null;
        }

        if (_link.TryPark(key))
        {
            return null;
        }

        var sent = _time.GetTimestamp();
        try
        {
            var isRead = entry.Stamp > 0; // from a source, at that stamp
            var seen = isRead ? entry.Stamp : _serverClock.Stamp;
            if (isRead && _marks.Covers(key, entry.Stamp, []))
            {
                return false;
            }

            var client = _link.Client;
            if (_link.IsCluster && !isRead)
            {
                var reply = await client.EvaluateAsync(RedisScripts.Stamp, [_names.State], [seen], CancellationToken.None).ConfigureAwait(false);
                seen = long.Parse(reply.AsString()!, CultureInfo.InvariantCulture);
            }

            var bytes = EntryCodec.Write(entry, _compressAbove);
            var latest = _serverClock.Now + (long)_options.Timeout.TotalMilliseconds;
            RedisArgument[] arguments =
            [
                bytes.AsMemory(0, EntryCodec.StampOffset), bytes.AsMemory(EntryCodec.HeadLength), Milliseconds(lifetime), seen, isRead ? 1 : 0, latest,
                .. entry.Tags.Select(static tag => (RedisArgument)tag),
            ];
            var stored = await _link.EvaluateAsync(RedisScripts.Set, key, [_names.Of(key), _names.State, _names.Tags], arguments, CancellationToken.None)
                .ConfigureAwait(false);
            var stamp = long.Parse(stored.AsString()!, CultureInfo.InvariantCulture);
            _serverClock.Saw(stamp);
            if (stamp == -1)
            {
                throw new RedisConnectionException("A value reached the server too late to be stored.");
            }

            _served.Saw(key, stamp, _serverClock.Now * 1000);
            return stamp > 0;
        }
        catch (RedisServerException failure)
        {
            Refused(failure, key);
            await RemoveAsync([key], confirmed: false, CancellationToken.None).ConfigureAwait(false); // whatever is there is older; a full server removes
            return false;
        }
        catch (RedisException failure)
        {
            _journal.Unsettled(sent + (long)(2 * _options.Timeout.TotalSeconds * _time.TimestampFrequency));
            Failed(failure, key);
            if (!_link.TryPark(key, "a value could not be stored")) // whatever is there, it may be older
            {
                _journal.Owe(JournalKind.Key, key);
                _link.LoseWhatIsOwed("a value could not be stored");
            }

            return null;
        }
    }

    public override async ValueTask TouchAsync(string key, TimeSpan lifetime)
    {
        if (!_link.IsReadyFor(key))
        {
            return;
        }

        try
        {
            await _link.Client.EvaluateAsync(RedisScripts.Touch, [_names.Of(key)], [Milliseconds(lifetime)]).ConfigureAwait(false);
        }
        catch (RedisException failure)
        {
            Failed(failure, key);
        }
    }

    public override void Outdate(string key) => _served.Raise(key, Math.Max(_serverClock.Stamp, (_serverClock.Now + 1) * 1000));

    public override ValueTask DisposeAsync() => new(_ending.Value);

    /// <summary>The options of the one connection per server on which everything is in order: reads, pushes and own writes.</summary>
    private RedisOptions Connection(RedisOptions given)
    {
        var options = given.Clone();
        options.AbortOnConnectFailure = false;
        options.ConnectionsPerServer = 1;
        options.CommandTimeout = _options.Timeout;
        options.PingInterval = _options.TrustDuration / 3;
        options.ReadFrom = RedisReadFrom.Primary;
        options.Tracking = new RedisTrackingOptions { Optional = true };
        return options;
    }

    private async Task EndAsync()
    {
        await _sweeper.DisposeAsync().ConfigureAwait(false);
        await _link.DisposeAsync().ConfigureAwait(false);
    }

    private bool Saw(string key, RemoteLease lease, RedisReply stored)
    {
        var isStored = stored.AsInt64() == 1;
        if (isStored)
        {
            _served.Saw(key, lease.Stamp, _serverClock.Now * 1000);
        }

        return isStored;
    }

    private void Orphan(string key, RemoteLease lease)
    {
        if (lease.Replaces.IsEmpty)
        {
            _link.Orphans.Add(key, lease.Bytes);
        }
    }

    private static long Milliseconds(TimeSpan lifetime) => (long)(lifetime > LeastLifetime ? lifetime : LeastLifetime).TotalMilliseconds;

    private async ValueTask AskAsync(RedisClient client, RemoteMarks.Question question, CancellationToken cancellationToken)
    {
        var members = new RedisArgument[question.Count];
        for (var i = 0; i < members.Length; i++)
        {
            members[i] = question[i];
        }

        var stamps = await client.ZMScoreAsync(_names.Tags, members, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < stamps.Length; i++)
        {
            question.Learn(i, (long)(stamps[i] ?? -1));
        }
    }

    private async ValueTask<RemoteAnswer> JudgeAsync(
        RedisClient client, long losses, string key, string[] tags, StoredValue stored, RemoteMarks.Question? question, CancellationToken cancellationToken)
    {
        var kind = EntryCodec.Read(stored, tags, _maximumPayloadBytes, out var entry);
        if (AsksMore(kind, entry, tags) is { } others)
        {
            await AskAsync(client, others, cancellationToken).ConfigureAwait(false);
            question = others;
        }

        return Judge(losses, key, stored, kind, entry, question);
    }

    /// <summary>What has to be known of the tags of an entry, where they are not those that were expected.</summary>
    private RemoteMarks.Question? AsksMore(EntryKind kind, in RemoteEntry entry, string[] tags) =>
        kind == EntryKind.Entry && !ReferenceEquals(entry.Tags, tags) ? _marks.Unknown(entry.Tags) : null;

    /// <summary>What an answer means: whether an entry is valid, in time, and readable.</summary>
    private RemoteAnswer Judge(long losses, string key, in StoredValue stored, EntryKind kind, in RemoteEntry entry, RemoteMarks.Question? question)
    {
        switch (kind)
        {
            case EntryKind.Lease:
                var now = _serverClock.Now;
                return new RemoteAnswer(RemoteAnswerKind.Leased) { LeaseLeft = TimeSpan.FromMilliseconds(Math.Clamp(EntryCodec.LeaseEnd(stored.Head, now) - now, 1, 600_000)) };
            case EntryKind.Unreadable:
                var pattern = _patterns.Of(key);
                if (pattern.MaySayUnreadable(_time))
                {
                    Log.EntryUnreadable(_logger, _cacheName, pattern.Name, stored.Length);
                }

                return new RemoteAnswer(RemoteAnswerKind.Missing) { Entry = new RemoteEntry { Stamp = -1 } };
            case EntryKind.Entry:
                return Judge(losses, key, stored.Head, entry, question);
            default:
                return new RemoteAnswer(RemoteAnswerKind.Missing) { Entry = new RemoteEntry { Stamp = -1 } };
        }
    }

    private RemoteAnswer Judge(long losses, string key, byte[]? head, in RemoteEntry entry, RemoteMarks.Question? question)
    {
        _serverClock.Saw(entry.Stamp);
        var isCovered = _served.Covers(key, entry.Stamp) || _marks.Covers(key, entry.Stamp, entry.Tags, question)
            || _layouts?.Covers(key, entry.Stamp) == true;
        var time = _serverClock.Now;
        var isExpired = entry.ExpiresAt <= time;
        if (!_link.IsReadyFor(key) || losses != _link.LossesOfAny)
        {
            return new RemoteAnswer(RemoteAnswerKind.Unavailable); // an invalidation may not have been heard of
        }

        if (!isCovered && !isExpired)
        {
            _served.Passed(key, entry.Stamp);
            _served.Saw(key, entry.Stamp, time * 1000);
        }

        return new RemoteAnswer(isCovered || isExpired ? RemoteAnswerKind.Missing : RemoteAnswerKind.Hit)
        {
            Entry = entry, IsExpired = isExpired && !isCovered, Mark = head.AsMemory(0, EntryCodec.MarkLength),
        };
    }

    /// <summary>The server may refuse for reasons that say nothing of its health, such as memory.</summary>
    private void Refused(RedisException failure, string key)
    {
        Failed(failure, key);
        var now = _time.GetTimestamp();
        var said = Volatile.Read(ref _refusalSaidAt);
        if (failure is RedisServerException && (said == 0 || _time.GetElapsedTime(said, now) > SaidAgain)
            && Interlocked.CompareExchange(ref _refusalSaidAt, now, said) == said)
        {
            Log.StoreRefused(_logger, _cacheName, failure.Message);
        }
    }

    private void Failed(RedisException failure, string? key = null)
    {
        _patterns.Remote.Failed();
        if (failure is not RedisServerException) // one that refuses answers at once: nobody has to be kept from asking it
        {
            _link.Failed(failure, key);
        }
    }
}
