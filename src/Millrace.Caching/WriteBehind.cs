using Millrace.Caching.Reading;
using Millrace.Caching.Statistics;
using Millrace.Caching.WriteBehind;
using Millrace.Caching.WriteBehind.Flushing;
using Millrace.Caching.WriteThrough;

namespace Millrace.Caching;

// A write:
//   1. Room: its value is written as bytes, and refused where it is too large.
//   2. Keep: the store takes it; from here on it is not lost. A full store is waited for, then the write is refused.
//   3. Forget: the cache drops the key. Reads of this cache that miss look for a pending value before they go to the source, on every node, so
//      they find it from now on; and what was read before cannot be stored any more.
//   4. Wake the flusher.
// The cache is never set to the value here: of two writes of a key on two nodes, the later set could be the older write's. Dropping has no order.

/// <summary>
/// Writes that return as soon as they are durable, and reach their source a little later: the last of each key, in batches, in order per key, again
/// until the source takes them. Reads through the cache see a pending value at once. Registered by <c>AddWriteBehind</c>.
/// </summary>
/// <typeparam name="T">The type of the values; reads of the cache as this type see them.</typeparam>
/// <remarks>
/// Thread-safe. The handler gets each write at least once; of a key's writes never an older one after a newer one was taken, except that a node
/// which stood still inside a call may end that call later (see <see cref="WriteBehindWrite{T}.Sequence"/>). Several nodes may share a store: each of its sixteen
/// partitions has one of them as owner at a time, and another when that one is silent for longer than <see cref="WriteBehindOptions.Lease"/>.
/// </remarks>
public sealed class WriteBehind<T> : IWriteBehind, IAsyncDisposable
{
    private const int MaximumMerges = 1_000;

    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    private readonly WriteBehindParts<T> _parts;
    private readonly WriteBehindOptions _options;
    private readonly FlushCounters _counters = new();
    private readonly KeyTurns _turns = new();
    private readonly SemaphoreSlim _slots;
    private readonly SemaphoreSlim _opening = new(1);
    private readonly Outage _storeOutage;
    private readonly Flusher _flusher;
    private readonly WriteBehindMetrics? _metrics;
    private volatile bool _isReady;
    private long _failedAt;
    private int _isDisposed;
    private int _saidLeft;

    /// <summary>As they hold, with what configuration says.</summary>
    internal WriteBehindOptions Options => _options;

    internal WriteBehind(string name, WriteBehindOptions options, WriteBehindParts<T> parts, System.Diagnostics.Metrics.IMeterFactory? meters)
    {
        (Name, _options, _parts) = (name, options, parts);
        _slots = new SemaphoreSlim(options.MaximumConcurrency);
        _storeOutage = new Outage(
            error => Log.WriteStoreFailing(parts.Logger, error, name, parts.Store.Name), () => Log.WriteStoreWorks(parts.Logger, name, parts.Store.Name));
        var sourceOutage = new Outage(error => Log.WriteSourceFailing(parts.Logger, error, name), () => Log.WriteSourceWorks(parts.Logger, name));
        _flusher = new Flusher(new FlushContext(
            name, options, parts.Store, parts.Owner, DeliverAsync, key => parts.Cache.RemoveAsync(key, CancellationToken.None), _slots, _counters, _storeOutage,
            sourceOutage, parts.Time, parts.Logger));
        _metrics = new WriteBehindMetrics(meters, parts.Cache.Name, name, _counters);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Keeps a write durably and returns; the source gets it later. Reads through the cache see the value from then on.</summary>
    /// <param name="key">The key, as the cache's.</param>
    /// <param name="value">The value; null is a value.</param>
    /// <param name="cancellationToken">Gives up, also the wait for room; the write may have been kept nevertheless.</param>
    /// <returns>The write's number; later writes of the key have greater ones.</returns>
    /// <exception cref="ArgumentException">The key breaks the cache's rules, or the value is larger than <see cref="WriteBehindOptions.MaximumValueBytes"/>.</exception>
    /// <exception cref="InvalidOperationException">The value cannot be serialized.</exception>
    /// <exception cref="WriteBehindFullException">Too many writes wait, and none became free in time.</exception>
    /// <exception cref="Exception">The store's own exception where it does not work: whether the write was kept is not known.</exception>
    public async ValueTask<long> WriteAsync(string key, T value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        _parts.Cache.CheckKey(key);
        if (!_isReady)
        {
            await StartAsync(cancellationToken).ConfigureAwait(false);
        }

        var partition = PartitionHash.Of(key);
        try
        {
            // 1. Room, 2. Keep
            var result = _parts.Merge is null
                ? await AppendAsync(partition, key, Encode(key, value), expected: null, cancellationToken).ConfigureAwait(false)
                : await MergeAsync(partition, key, value, cancellationToken).ConfigureAwait(false);
            _counters.Wrote(result.Status == AppendStatus.Replaced);

            // 3. Forget
            await _parts.Cache.RemoveAsync(key, CancellationToken.None).ConfigureAwait(false);

            // 4. Wake
            _flusher[partition].Expect(_options.Delay);
            return result.Sequence;
        }
        catch (Exception e) when (e is not (WriteBehindFullException or ArgumentException or InvalidOperationException))
        {
            await _parts.Cache.RemoveAsync(key, CancellationToken.None).ConfigureAwait(false); // it may have been kept
            throw;
        }
    }

    /// <summary>What is pending and dead on all nodes, and what this node has done. Asks the store for each partition.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<WriteBehindStatistics> GetStatisticsAsync(CancellationToken cancellationToken = default)
    {
        await StartAsync(cancellationToken).ConfigureAwait(false);
        var counts = new PartitionCounts[WriteBehindStore.Partitions];
        for (var partition = 0; partition < counts.Length; partition++)
        {
            counts[partition] = await _parts.Store.CountAsync(partition, cancellationToken).ConfigureAwait(false);
        }

        var sum = FlushCounters.Sum(counts);
        return new WriteBehindStatistics
        {
            Name = Name,
            Store = _parts.Store.Name,
            Pending = sum.Pending,
            PendingBytes = sum.Bytes,
            OldestAge = sum.OldestAge,
            Dead = sum.Dead,
            Written = _counters.Written,
            Coalesced = _counters.Coalesced,
            Flushed = _counters.Flushed,
            Calls = _counters.Calls,
            Retried = _counters.Retried,
        };
    }

    /// <summary>Dead writes, in no particular order.</summary>
    /// <param name="maximum">The most to return, from 1 to 10,000.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<IReadOnlyList<WriteBehindDeadWrite<T>>> GetDeadAsync(int maximum = 100, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximum, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maximum, 10_000);
        await StartAsync(cancellationToken).ConfigureAwait(false);
        var dead = new List<WriteBehindDeadWrite<T>>();
        for (var partition = 0; partition < WriteBehindStore.Partitions && dead.Count < maximum; partition++)
        {
            var records = await _parts.Store.ListDeadAsync(partition, maximum - dead.Count, cancellationToken).ConfigureAwait(false);
            dead.AddRange(records.Select(ReadDead));
        }

        return dead;
    }

    /// <summary>Makes a dead write pending again, under a new number; for all that <see cref="GetDeadAsync"/> lists, call it for each.</summary>
    /// <param name="key">The write's key.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>True: it is pending. False: there was none, or a newer write of the key is pending, and then the dead one is gone.</returns>
    /// <exception cref="WriteBehindFullException">Too many writes wait; it stays dead.</exception>
    public async ValueTask<bool> ReplayAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        await StartAsync(cancellationToken).ConfigureAwait(false);
        var partition = PartitionHash.Of(key);
        var status = await _parts.Store.ReplayAsync(partition, key, cancellationToken).ConfigureAwait(false);
        if (status == ReplayStatus.Full)
        {
            throw Full(key);
        }

        if (status != ReplayStatus.Replayed)
        {
            return false;
        }

        await _parts.Cache.RemoveAsync(key, CancellationToken.None).ConfigureAwait(false);
        _flusher[partition].Expect(TimeSpan.Zero);
        return true;
    }

    /// <summary>Forgets a dead write for good.</summary>
    /// <param name="key">The write's key.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False: there was none.</returns>
    public async ValueTask<bool> DiscardAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        await StartAsync(cancellationToken).ConfigureAwait(false);
        return await _parts.Store.DiscardAsync(PartitionHash.Of(key), key, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Flushes what this node owns, for <see cref="WriteBehindOptions.DrainTimeout"/> at most, and closes the store. Called by the service provider.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return; // services know it under several keys
        }

        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _flusher.DisposeAsync().ConfigureAwait(false);
        await _parts.Store.DisposeAsync().ConfigureAwait(false);
        _metrics?.Dispose();
        _slots.Dispose();
        _opening.Dispose();
    }

    Task IWriteBehind.StartAsync(CancellationToken cancellationToken) => StartAsync(cancellationToken).AsTask();

    Task IWriteBehind.StopAsync(CancellationToken cancellationToken) => StopAsync(cancellationToken);

    /// <summary>The pending value of a key, for readers.</summary>
    internal async ValueTask<PendingLookup<T>> FindPendingAsync(string key, CancellationToken cancellationToken)
    {
        if (_storeOutage.IsOn && _parts.Time.GetElapsedTime(Volatile.Read(ref _failedAt)) < AskAgain)
        {
            return PendingLookup<T>.Unknown; // readers don't wait for a store that has just failed
        }

        try
        {
            await StartAsync(cancellationToken).ConfigureAwait(false);
            var found = await _parts.Store.FindAsync(PartitionHash.Of(key), key, cancellationToken).ConfigureAwait(false);
            _storeOutage.End();
            return found is { } pending
                ? new PendingLookup<T>(IsKnown: true, Found: true, _parts.Codec.Decode(key, pending.Payload))
                : PendingLookup<T>.None;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            Volatile.Write(ref _failedAt, _parts.Time.GetTimestamp());
            _storeOutage.Begin(error);
            return PendingLookup<T>.Unknown;
        }
    }

    private async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        if (_isReady)
        {
            return;
        }

        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isReady)
            {
                await _parts.Store.InitializeAsync(cancellationToken).ConfigureAwait(false);
                _flusher.Start();
                _isReady = true;
            }
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        await _flusher.StopAsync(cancellationToken).ConfigureAwait(false);
        var left = _counters.Held.Pending;
        if (left > 0 && Interlocked.Exchange(ref _saidLeft, 1) == 0)
        {
            Log.WritesLeft(_parts.Logger, Name, left, _parts.Store.Name);
        }
    }

    private byte[] Encode(string key, T value)
    {
        var payload = _parts.Codec.Encode(key, value);
        return payload.Length <= _options.MaximumValueBytes
            ? payload
            : throw new ArgumentException(
                $"The value for key '{key}' has {payload.Length} bytes, write-behind '{Name}' takes {_options.MaximumValueBytes}. Write less, or raise MaximumValueBytes.",
                nameof(value));
    }

    private async ValueTask<AppendResult> AppendAsync(int partition, string key, byte[] payload, long? expected, CancellationToken cancellationToken)
    {
        var began = _parts.Time.GetTimestamp();
        for (var poll = ShortestPoll; ; poll = poll * 2 < LongestPoll ? poll * 2 : LongestPoll)
        {
            var result = await _parts.Store.AppendAsync(partition, key, payload, expected, _options.Delay, cancellationToken).ConfigureAwait(false);
            if (result.Status != AppendStatus.Full)
            {
                return result;
            }

            _flusher[partition].Hurry();
            if (_parts.Time.GetElapsedTime(began) >= _options.FullTimeout)
            {
                throw Full(key);
            }

            await Task.Delay(poll, _parts.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<AppendResult> MergeAsync(int partition, string key, T value, CancellationToken cancellationToken)
    {
        var turn = _turns.Join(key); // so that only other nodes are in the way
        try
        {
            await turn.Source.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                for (var i = 0; i < MaximumMerges; i++)
                {
                    var pending = await _parts.Store.FindAsync(partition, key, cancellationToken).ConfigureAwait(false);
                    var merged = pending is { } older ? _parts.Merge!(_parts.Codec.Decode(key, older.Payload), value) : value;
                    var result = await AppendAsync(partition, key, Encode(key, merged), pending?.Sequence ?? 0, cancellationToken).ConfigureAwait(false);
                    if (result.Status != AppendStatus.Conflict)
                    {
                        return result;
                    }
                }
            }
            finally
            {
                turn.Source.Release();
            }
        }
        finally
        {
            _turns.Leave(turn);
        }

        throw new WriteBehindFullException(
            $"Write-behind '{Name}' could not merge a write of key '{key}' in {MaximumMerges} attempts, because other nodes write it all the time. Try again later.");
    }

    private ValueTask DeliverAsync(IReadOnlyList<PendingWrite> writes, CancellationToken cancellationToken)
    {
        var values = new WriteBehindWrite<T>[writes.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var write = writes[i];
            values[i] = new WriteBehindWrite<T>(write.Key, _parts.Codec.Decode(write.Key, write.Payload), write.Sequence, write.Attempts + 1, write.Since);
        }

        return _parts.Deliver(values, cancellationToken);
    }

    private WriteBehindDeadWrite<T> ReadDead(DeadRecord record)
    {
        var (value, reason) = (default(T), record.Reason);
        try
        {
            value = _parts.Codec.Decode(record.Key, record.Payload);
        }
        catch (InvalidDataException unreadable)
        {
            reason = $"{unreadable.Message} It died of: {reason}";
        }

        return new WriteBehindDeadWrite<T>(record.Key, value, record.Sequence, record.Attempts, record.Since, record.DiedAt, reason);
    }

    private WriteBehindFullException Full(string key) => new(
        $"Write-behind '{Name}' has no room for key '{key}': its partition holds the {_options.MaximumPending / WriteBehindStore.Partitions} keys or "
        + $"{_options.MaximumPendingBytes / WriteBehindStore.Partitions} bytes that it may, and none became free within {_options.FullTimeout}. "
        + "See whether the source takes writes; or raise MaximumPending, MaximumPendingBytes or FullTimeout.");
}
