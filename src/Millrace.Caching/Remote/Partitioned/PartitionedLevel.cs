using Millrace.Caching.Invalidation;

namespace Millrace.Caching.Remote.Partitioned;

// A second level of several servers that know nothing of each other, each with the keys that hash to it (Rendezvous).
//
// Every partition is a second level of its own, with its connection, trust, marks, journal and floors. What is asked of a key is asked of the partition that
// has it. Tags, patterns and everything are invalidated in all of them, at once, each with a stamp of its own server's clock: an entry is compared only
// with stamps of the server that it is on. What a call asks of several is asked of them at the same time, and the call ends when the last has answered; of
// failures the first is thrown when all have had their turn.
//
// A partition that is away takes only its own keys with it: the ledger keeps trust for each (InvalidationLedger.Partitions.cs), and each has its own journal
// of what it missed. So is a key that nodes with other lists look for elsewhere (LayoutWatch): it is nowhere, as if its server were away, except that no
// stale copy is served, because the source is at hand. Changes of it are told to the server that has it by this node's list all the same.
internal sealed class PartitionedLevel : SecondLevel
{
    private static readonly RemoteAnswer Unavailable = new(RemoteAnswerKind.Unavailable);

    private readonly Rendezvous _map;
    private readonly SecondLevel[] _levels;
    private readonly LayoutWatch _layouts;

    /// <param name="map">Which partition has a key.</param>
    /// <param name="local">The first level.</param>
    /// <param name="time">The time.</param>
    /// <param name="make">Makes a partition, by its name and number, which tells what it is given of changes, and of the lists of servers it meets.</param>
    public PartitionedLevel(Rendezvous map, ILocalLevel local, TimeProvider time, Func<string, int, ILocalLevel, LayoutWatch, SecondLevel> make)
    {
        _map = map;
        _layouts = new LayoutWatch(map, time, local.TrustLost);
        var parts = local.Split(map.Names.Count + 1, PlaceOf) ?? throw new InvalidOperationException("A partition has no partitions."); // the last one is nowhere, and always away
        _levels = [.. map.Names.Select((name, i) => make(name, i, parts[i], _layouts))];
    }

    public override bool IsAvailable => Array.TrueForAll(_levels, static level => level.IsAvailable);

    public override bool IsWhole => Array.TrueForAll(_levels, static level => level.IsWhole);

    public override bool HearsLate => Array.Exists(_levels, static level => level.HearsLate);

    /// <summary>A stamp that each server's clock has reached.</summary>
    public override long Stamp => _levels.Min(static level => level.Stamp);

    public override long ServerNow => _levels.Min(static level => level.ServerNow);

    public override SweepCounts Sweeps => _levels.Aggregate(default(SweepCounts), static (sum, level) => sum + level.Sweeps);

    public override bool IsAvailableFor(string key) => At(key) is { } level && level.IsAvailableFor(key);

    public override bool IsAwayFor(string key) => At(key) is { } level && level.IsAwayFor(key); // of one that is nowhere the source is asked

    public override long ServerNowFor(string key) => Of(key).ServerNowFor(key);

    public override CacheStamp StampAt(long sequence)
    {
        var stamps = Array.ConvertAll(_levels, static level => Math.Max(1, level.Stamp)); // 0 would say that none was given
        return new CacheStamp(sequence, stamps.Min(), stamps);
    }

    public override long StampFor(string key, in CacheStamp stamp) =>
        stamp.Partitions is { } stamps && stamps.Length == _levels.Length ? stamps[_map.Of(key)] : stamp.Remote;

    public override ValueTask ReadyAsync(CancellationToken cancellationToken) => OfAllAsync(level => level.ReadyAsync(cancellationToken));

    public override ValueTask ReadyAsync(string key, CancellationToken cancellationToken) => Of(key).ReadyAsync(key, cancellationToken);

    public override async ValueTask ReadyAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        if (!IsAvailable)
        {
            await Task.WhenAll(keys.Select(_map.Of).Distinct().Select(partition => _levels[partition].ReadyAsync(cancellationToken).AsTask())).ConfigureAwait(false);
        }
    }

    public override ValueTask<RemoteAnswer> ReadAsync(string key, string[] tags, CancellationToken cancellationToken) =>
        At(key)?.ReadAsync(key, tags, cancellationToken) ?? new ValueTask<RemoteAnswer>(Unavailable);

    public override ValueTask<RemoteAnswer> LeaseAsync(string key, string[] tags, long invalid, CancellationToken cancellationToken) =>
        At(key)?.LeaseAsync(key, tags, invalid, cancellationToken) ?? new ValueTask<RemoteAnswer>(Unavailable);

    public override async ValueTask<RemoteAnswer[]> ReadManyAsync(IReadOnlyList<string> keys, string[] tags, CancellationToken cancellationToken)
    {
        var groups = Group(keys);
        if (groups.Length == 1 && !_layouts.IsMoving)
        {
            return await _levels[groups[0].Partition].ReadManyAsync(keys, tags, cancellationToken).ConfigureAwait(false);
        }

        var answers = new RemoteAnswer[keys.Count];
        await Task.WhenAll(groups.Select(ReadAsync)).ConfigureAwait(false);
        return answers;

        async Task ReadAsync((int Partition, int[] Places) group)
        {
            string[] own = Array.ConvertAll(group.Places, place => keys[place]);
            var found = await _levels[group.Partition].ReadManyAsync(own, tags, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < found.Length; i++)
            {
                answers[group.Places[i]] = At(own[i]) is null ? Unavailable : found[i];
            }
        }
    }

    public override ValueTask<RemoteAnswer> RenewAsync(string key, ReadOnlyMemory<byte> mark, CancellationToken cancellationToken) =>
        At(key)?.RenewAsync(key, mark, cancellationToken) ?? new ValueTask<RemoteAnswer>(Unavailable);

    public override ValueTask FailAsync(string key, RemoteLease lease, TimeSpan throttle) => Of(key).FailAsync(key, lease, throttle);

    public override ValueTask<bool?> RetimeAsync(string key, TimeSpan lifetime, CancellationToken cancellationToken) =>
        At(key)?.RetimeAsync(key, lifetime, cancellationToken) ?? new ValueTask<bool?>((bool?)null);

    public override async ValueTask<bool?> FillAsync(string key, RemoteLease lease, RemoteEntry entry, TimeSpan lifetime)
    {
        if (At(key) is { } level)
        {
            return await level.FillAsync(key, lease, entry, lifetime).ConfigureAwait(false);
        }

        await Of(key).ReleaseAsync(key, lease).ConfigureAwait(false);
        return null;
    }

    public override ValueTask ReleaseAsync(string key, RemoteLease lease) => Of(key).ReleaseAsync(key, lease);

    public override async ValueTask<bool?> SetAsync(string key, RemoteEntry entry, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        if (At(key) is { } level)
        {
            return await level.SetAsync(key, entry, lifetime, cancellationToken).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        await Of(key).RemoveAsync([key], confirmed: false, CancellationToken.None).ConfigureAwait(false); // what is there is older
        return null;
    }

    public override ValueTask TouchAsync(string key, TimeSpan lifetime) => At(key)?.TouchAsync(key, lifetime) ?? default;

    public override async ValueTask RemoveAsync(IReadOnlyList<string> keys, bool confirmed, CancellationToken cancellationToken)
    {
        if (keys.Count == 1)
        {
            await Of(keys[0]).RemoveAsync(keys, confirmed, cancellationToken).ConfigureAwait(false);
            return;
        }

        await Task.WhenAll(Group(keys).Select(group =>
            _levels[group.Partition].RemoveAsync(Array.ConvertAll(group.Places, place => keys[place]), confirmed, cancellationToken).AsTask())).ConfigureAwait(false);
    }

    public override ValueTask InvalidateAsync(
        IReadOnlyList<string> tags, IReadOnlyList<KeyGlob> patterns, bool everything, bool confirmed, CancellationToken cancellationToken) =>
        OfAllAsync(level => level.InvalidateAsync(tags, patterns, everything, confirmed, cancellationToken));

    public override void Outdate(string key) => Of(key).Outdate(key);

    public override ValueTask DisposeAsync() => OfAllAsync(static level => level.DisposeAsync());

    /// <summary>The partition that has a key by this node's list.</summary>
    private SecondLevel Of(string key) => _levels[_map.Of(key)];

    /// <summary>The same, to be asked for the key; null: the key is nowhere now, because nodes disagree where it is.</summary>
    private SecondLevel? At(string key) => PlaceOf(key) is var place && place < _levels.Length ? _levels[place] : null;

    private int PlaceOf(string key)
    {
        var owner = _map.Of(key);
        return _layouts.Moves(key, owner) ? _map.Names.Count : owner;
    }

    /// <summary>The places of the keys that each partition has.</summary>
    private (int Partition, int[] Places)[] Group(IReadOnlyList<string> keys) =>
        [.. Enumerable.Range(0, keys.Count).GroupBy(place => _map.Of(keys[place])).Select(static group => (group.Key, group.ToArray()))];

    private async ValueTask OfAllAsync(Func<SecondLevel, ValueTask> call) =>
        await Task.WhenAll(Array.ConvertAll(_levels, level => call(level).AsTask())).ConfigureAwait(false);
}
