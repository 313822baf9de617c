using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Remote.Distributed;

// The second level in any IDistributedCache. Such a store has neither comparisons nor pushes, so less holds than in Redis:
//
//   - Entries have the same format (EntryCodec), stamped by this process's clock. Tags and everything are stamps in the store, which every process
//     reads with the entry and believes for a while (DistributedMarks). They are written `Tolerance` ahead, so that clocks may differ by as much; what is
//     read from the source by somebody who knows the stamp gets a later one.
//   - A pattern cannot be looked up by a key, so it counts as everything here. In L1 it stays a pattern.
//   - There is no lease: one reader per process is at the source. What it brings is not stored if the key was invalidated in this process since; a
//     lock per key keeps the order of this process's writes. Another process's removal may be overtaken by it.
//   - Nobody tells the copies in L1 of other processes: they live until they expire there (LocalExpiration).
//
// An invalidation that fails is owed, and the store is not asked before it is carried out. Bound: the journal's.
internal sealed class DistributedLevel : SecondLevel
{
    private const int Stripes = 64;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly string _cacheName;
    private readonly DistributedStore _store;
    private readonly DistributedMarks _marks;
    private readonly ServedFloors _floors = new();
    private readonly Journal _journal;
    private readonly SemaphoreSlim[] _stripes = [.. Enumerable.Range(0, Stripes).Select(static _ => new SemaphoreSlim(1))];
    private readonly CancellationTokenSource _stopping = new();
    private readonly KeyPatterns _patterns;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly int _maximumPayloadBytes;
    private readonly int _compressAbove;
    private long _stamp;
    private Task _repaying = Task.CompletedTask; // replaced under _journal
    private volatile bool _isPaying; // what was owed has left the journal, and may not have reached the store

    public DistributedLevel(string cacheName, CacheOptions options, string prefix, Func<IDistributedCache> cache, TimeSpan timeout, KeyPatterns patterns, TimeProvider time, ILogger logger)
    {
        (_cacheName, _patterns, _time, _logger) = (cacheName, patterns, time, logger);
        _maximumPayloadBytes = options.MaximumPayloadBytes;
        _compressAbove = options.Compression ? options.CompressionThresholdBytes : int.MaxValue;
        _store = new DistributedStore(cacheName, prefix, cache, timeout, patterns.Remote, time, logger);
        _marks = new DistributedMarks(_store, options.InvalidatedTagLimit, time);
        _journal = new Journal(time);
    }

    /// <summary>By how much the clocks of processes may differ, in stamps.</summary>
    public const long Tolerance = 1_000_000;

    public override bool IsAvailable => _store.IsAvailable && !_journal.IsOwing && !_isPaying;

    public override bool HearsLate => false; // it never hears of changes

    public override long Stamp
    {
        get
        {
            var now = (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
            for (var last = Volatile.Read(ref _stamp); now > last;)
            {
                var seen = Interlocked.CompareExchange(ref _stamp, now, last);
                if (seen == last)
                {
                    return now;
                }

                last = seen;
            }

            return Volatile.Read(ref _stamp); // the clock was set back
        }
    }

    public override long ServerNow => Stamp / 1000;

    public override ValueTask ReadyAsync(CancellationToken cancellationToken) => default;

    public override ValueTask<RemoteAnswer> ReadAsync(string key, string[] tags, CancellationToken cancellationToken) =>
        ReadAsync(key, tags, least: 0, cancellationToken);

    /// <param name="key">The key.</param>
    /// <param name="tags">The tags that it probably has.</param>
    /// <param name="least">Entries with an older stamp count as missing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <inheritdoc cref="ReadAsync(string, string[], CancellationToken)" />
    public async ValueTask<RemoteAnswer> ReadAsync(string key, string[] tags, long least, CancellationToken cancellationToken)
    {
        if (!IsAvailable)
        {
            return new RemoteAnswer(RemoteAnswerKind.Unavailable);
        }

        var marks = _marks.LoadAsync(tags, cancellationToken);
        var (isAnswered, bytes) = await _store.GetAsync(_store.EntryName(key), cancellationToken).ConfigureAwait(false);
        if (!await marks.ConfigureAwait(false) || !isAnswered)
        {
            return new RemoteAnswer(RemoteAnswerKind.Unavailable);
        }

        switch (EntryCodec.Read(EntryCodec.Cut(bytes), tags, _maximumPayloadBytes, out var entry))
        {
            case EntryKind.Entry:
                return await JudgeAsync(key, tags, entry, least, cancellationToken).ConfigureAwait(false);
            case EntryKind.Nothing:
                break;
            default:
                var pattern = _patterns.Of(key);
                if (pattern.MaySayUnreadable(_time))
                {
                    Log.EntryUnreadable(_logger, _cacheName, pattern.Name, bytes!.Length);
                }

                break;
        }

        return new RemoteAnswer(RemoteAnswerKind.Missing) { Entry = new RemoteEntry { Stamp = -1 } };
    }

    public override async ValueTask<RemoteAnswer[]> ReadManyAsync(IReadOnlyList<string> keys, string[] tags, CancellationToken cancellationToken) =>
        await Task.WhenAll(keys.Select(key => ReadAsync(key, tags, cancellationToken).AsTask())).ConfigureAwait(false);

    public override ValueTask<RemoteAnswer> LeaseAsync(string key, string[] tags, long invalid, CancellationToken cancellationToken) =>
        new(IsAvailable
            ? new RemoteAnswer(RemoteAnswerKind.Granted) { Lease = new RemoteLease([], Math.Max(Stamp, _marks.Highest(tags) + 1)) }
            : new RemoteAnswer(RemoteAnswerKind.Unavailable));

    public override ValueTask<RemoteAnswer> RenewAsync(string key, ReadOnlyMemory<byte> mark, CancellationToken cancellationToken) =>
        new(new RemoteAnswer(RemoteAnswerKind.Missing));

    public override ValueTask FailAsync(string key, RemoteLease lease, TimeSpan throttle) => default;

    public override ValueTask ReleaseAsync(string key, RemoteLease lease) => default;

    public override async ValueTask<bool?> FillAsync(string key, RemoteLease lease, RemoteEntry entry, TimeSpan lifetime)
    {
        using var turn = await TurnAsync(key).ConfigureAwait(false);
        return IsAvailable ? await WriteAsync(key, entry, lifetime).ConfigureAwait(false) : null;
    }

    public override async ValueTask<bool?> SetAsync(string key, RemoteEntry entry, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var turn = await TurnAsync(key).ConfigureAwait(false);
        if (entry.Stamp == 0)
        {
            _floors.Raise(key, Stamp); // what is on its way from the source is older
            entry = entry with { Stamp = Math.Max(Stamp, _marks.Highest(entry.Tags)) + 1 };
        }

        var stored = IsAvailable ? await WriteAsync(key, entry, lifetime).ConfigureAwait(false) : null;
        if (stored is null)
        {
            Owe(JournalKind.Key, key); // whatever is there, it may be older
        }

        return stored;
    }

    public override async ValueTask<bool?> RetimeAsync(string key, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        using var turn = await TurnAsync(key).ConfigureAwait(false);
        var answer = await ReadAsync(key, [], cancellationToken).ConfigureAwait(false);
        if (answer.Kind != RemoteAnswerKind.Hit)
        {
            return answer.Kind == RemoteAnswerKind.Unavailable ? null : false;
        }

        var entry = answer.Entry with { ExpiresAt = ServerNow + (long)lifetime.TotalMilliseconds };
        return EntryCodec.Unpack(entry) is { } payload
            ? await WriteAsync(key, entry with { Payload = payload, Flags = entry.Flags & ~EntryFlags.Compressed }, lifetime).ConfigureAwait(false)
            : false;
    }

    public override async ValueTask TouchAsync(string key, TimeSpan lifetime)
    {
        using var turn = await TurnAsync(key).ConfigureAwait(false);
        if (IsAvailable && await _store.GetAsync(_store.EntryName(key), CancellationToken.None).ConfigureAwait(false) is (true, { } bytes))
        {
            await _store.SetAsync(_store.EntryName(key), bytes, lifetime).ConfigureAwait(false);
        }
    }

    public override async ValueTask RemoveAsync(IReadOnlyList<string> keys, bool confirmed, CancellationToken cancellationToken)
    {
        foreach (var key in keys)
        {
            using var turn = await TurnAsync(key).ConfigureAwait(false);
            _floors.Raise(key, Stamp);
            if (!_store.IsAvailable || !await _store.RemoveAsync(_store.EntryName(key)).ConfigureAwait(false))
            {
                Owe(JournalKind.Key, key);
            }
        }

        Refuse(confirmed);
    }

    public override async ValueTask InvalidateAsync(
        IReadOnlyList<string> tags, IReadOnlyList<KeyGlob> patterns, bool everything, bool confirmed, CancellationToken cancellationToken)
    {
        foreach (var tag in tags)
        {
            await MarkAsync(JournalKind.Tag, tag).ConfigureAwait(false);
        }

        if (everything || patterns.Count > 0)
        {
            await MarkAsync(JournalKind.Everything, DistributedMarks.Everything).ConfigureAwait(false);
        }

        Refuse(confirmed);
    }

    public override void Outdate(string key) => _floors.Raise(key, Stamp);

    public override async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _repaying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static void Refuse(bool confirmed)
    {
        if (confirmed)
        {
            throw new NotSupportedException(
                "The invalidation was carried out, and cannot be confirmed: an IDistributedCache does not tell other processes of it. Their copies expire after "
                + "LocalExpiration. Confirmed invalidations need UseRedis.");
        }
    }

    private async ValueTask<RemoteAnswer> JudgeAsync(string key, string[] tags, RemoteEntry entry, long least, CancellationToken cancellationToken)
    {
        if (!ReferenceEquals(entry.Tags, tags) && !await _marks.LoadAsync(entry.Tags, cancellationToken).ConfigureAwait(false))
        {
            return new RemoteAnswer(RemoteAnswerKind.Unavailable);
        }

        var isValid = entry.Stamp >= least && entry.ExpiresAt > ServerNow && !_floors.Covers(key, entry.Stamp) && !_marks.Cover(entry.Stamp, entry.Tags);
        return new RemoteAnswer(isValid ? RemoteAnswerKind.Hit : RemoteAnswerKind.Missing) { Entry = entry };
    }

    /// <summary>Writes an entry, unless something that covers it was invalidated here since it was stamped. In the key's turn.</summary>
    private async ValueTask<bool?> WriteAsync(string key, RemoteEntry entry, TimeSpan lifetime)
    {
        if (_floors.Covers(key, entry.Stamp) || _marks.Cover(entry.Stamp, entry.Tags))
        {
            return false;
        }

        return await _store.SetAsync(_store.EntryName(key), EntryCodec.Write(entry, _compressAbove), lifetime).ConfigureAwait(false) ? true : null;
    }

    private async ValueTask MarkAsync(JournalKind kind, string tag)
    {
        if (!await _marks.InvalidateAsync(tag, Stamp + Tolerance).ConfigureAwait(false))
        {
            Owe(kind, tag);
        }
    }

    private async ValueTask<Turn> TurnAsync(string key)
    {
        var stripe = _stripes[(uint)key.GetHashCode(StringComparison.Ordinal) % Stripes];
        await stripe.WaitAsync().ConfigureAwait(false); // held for one call of the store, which has a time-out
        return new Turn(stripe);
    }

    private void Owe(JournalKind kind, string name)
    {
        _journal.Owe(kind, name);
        lock (_journal)
        {
            if (_repaying.IsCompleted && !_stopping.IsCancellationRequested)
            {
                _repaying = RepayAsync(_stopping.Token);
            }
        }
    }

    private async Task RepayAsync(CancellationToken stop)
    {
        while (true)
        {
            await Task.Delay(RetryDelay, _time, stop).ConfigureAwait(false);
            _isPaying = true;
            var (keys, tags, _, everything) = _journal.Take();
            foreach (var key in keys)
            {
                if (!await _store.RemoveAsync(_store.EntryName(key)).ConfigureAwait(false))
                {
                    _journal.Owe(JournalKind.Key, key);
                }
            }

            foreach (var tag in everything ? [.. tags, DistributedMarks.Everything] : tags)
            {
                if (!await _marks.InvalidateAsync(tag, Stamp + Tolerance).ConfigureAwait(false))
                {
                    _journal.Owe(tag == DistributedMarks.Everything ? JournalKind.Everything : JournalKind.Tag, tag);
                }
            }

            _isPaying = false; // what failed is owed again
            lock (_journal)
            {
                if (!_journal.IsOwing)
                {
                    _repaying = Task.CompletedTask; // who owes from here on begins anew
                    return;
                }
            }
        }
    }

    private readonly struct Turn(SemaphoreSlim stripe) : IDisposable
    {
        public void Dispose() => stripe.Release();
    }
}
