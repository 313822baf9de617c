using System.Collections.Concurrent;
using Millrace.Caching.Invalidation;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

// A cluster's servers come and go each for itself, and take only their own keys with them. Slots move between servers, so what is away is said of slots: of
// groups of 256 of them, because trust is kept for each (InvalidationLedger.Partitions.cs). A server that is lost takes along the groups in which it has a
// slot, or has had one since they were trusted: what was read there it told of. So of two servers with slots in one group each takes along some of the other's.
//
// State       what happens                                                              its keys are asked for   changes are sent   copies are fresh
//   Away      the server is asked with each heartbeat, and when a connection is restored   no                       no: parked         no
//   Repaying  it has answered: changes that are parked are carried out                     no                       yes                no
//   Ready                                                                                  yes                      yes                yes
//
// Breakers are one per server. All writes are under the lock of RedisLink.
internal sealed class SlotGroups : ILocalLevel
{
    public const int Count = 64;

    private const int AllSlots = 16_384;
    private const int Slots = AllSlots / Count;
    private const int Ready = 0;
    private const int Repaying = 1;
    private const int Away = 2;

    private readonly RedisNames _names;
    private readonly ILocalLevel _whole;
    private readonly ILocalLevel[] _parts;
    private readonly int[] _states = new int[Count];
    private readonly HashSet<string>[] _servers; // who has had slots of the group since it was trusted
    private readonly ConcurrentDictionary<string, Breaker> _breakers = new(StringComparer.Ordinal);
    private int _away;

    private SlotGroups(RedisNames names, ILocalLevel whole, ILocalLevel[] parts)
    {
        (_names, _whole, _parts) = (names, whole, parts);
        _servers = [.. parts.Select(static _ => new HashSet<string>(StringComparer.Ordinal))];
    }

    /// <summary>Those of a first level; null where it is a partition of one already: its servers are trusted all together.</summary>
    public static SlotGroups? Of(RedisNames names, ILocalLevel local) =>
        local.Split(Count, key => names.Of(key).HashSlot / Slots) is { } parts ? new SlotGroups(names, local, parts) : null;

    /// <summary>Whether some are not ready.</summary>
    public bool AnyAway => Volatile.Read(ref _away) > 0;

    public int Of(string key) => _names.Of(key).HashSlot / Slots;

    public bool IsReady(string key) => Volatile.Read(ref _states[Of(key)]) == Ready;

    public bool IsWritable(string key) => Volatile.Read(ref _states[Of(key)]) < Away;

    /// <summary>The server that has a key; null: nobody is known to.</summary>
    public string? ServerOf(string key, IReadOnlyList<RedisSlotRange> ranges)
    {
        var slot = _names.Of(key).HashSlot;
        foreach (var range in ranges)
        {
            if (slot <= range.Last)
            {
                return slot >= range.First ? range.Server : null;
            }
        }

        return null;
    }

    /// <summary>A server's failures in a row.</summary>
    public Breaker BreakerOf(string server) => _breakers.GetOrAdd(server, static _ => new Breaker());

    /// <summary>The server of a key has answered.</summary>
    public void Succeeded(string key, RedisClient client)
    {
        if (!_breakers.IsEmpty && ServerOf(key, client.GetSlotRanges()) is { } server && _breakers.TryGetValue(server, out var breaker))
        {
            breaker.Succeeded();
        }
    }

    /// <summary>The groups that a server has a part of, or has had since they were trusted.</summary>
    public int[] Having(string server, IReadOnlyList<RedisSlotRange> ranges)
    {
        Look(ranges);
        return [.. Enumerable.Range(0, Count).Where(group => _servers[group].Contains(server))];
    }

    /// <summary>Whether the keys that all nodes share, and the channel, are in one of some groups.</summary>
    public bool HaveState(int[] groups) => groups.Contains(_names.State.HashSlot / Slots);

    /// <summary>Groups are away.</summary>
    public void Lose(int[] groups)
    {
        foreach (var group in groups)
        {
            _parts[group].TrustUntil(0); // first: who sees that they are away finds no copy fresh any more
            Volatile.Write(ref _states[group], Away);
        }

        CountAway();
    }

    /// <summary>Groups that are not ready, whose servers all answer.</summary>
    public int[] Answering(IReadOnlyCollection<string> servers, IReadOnlyList<RedisSlotRange> ranges)
    {
        var served = new int[Count];
        foreach (var range in ranges.Where(range => servers.Contains(range.Server)))
        {
            for (var group = range.First / Slots; group <= range.Last / Slots; group++)
            {
                served[group] += Math.Min(range.Last, (group * Slots) + Slots - 1) - Math.Max(range.First, group * Slots) + 1;
            }
        }

        return [.. Enumerable.Range(0, Count).Where(group => _states[group] != Ready && served[group] == Slots)];
    }

    /// <summary>The servers of groups that are away, each with a key that it has.</summary>
    public IEnumerable<(string Server, RedisKey Key)> Probes(IReadOnlyList<RedisSlotRange> ranges)
    {
        var servers = ranges.Where(range => Enumerable.Range(range.First / Slots, (range.Last / Slots) - (range.First / Slots) + 1).Any(group => _states[group] != Ready))
            .Select(static range => range.Server).ToHashSet(StringComparer.Ordinal);
        foreach (var server in servers)
        {
            var widest = ranges.Where(range => range.Server == server).MaxBy(static range => range.Last - range.First);
            for (var i = 0; ; i++)
            {
                RedisKey key = $"{_names.Prefix}!probe:{i}";
                if (key.HashSlot is var slot && slot >= widest.First && slot <= widest.Last)
                {
                    yield return (server, key);
                    break;
                }
            }
        }
    }

    /// <summary>Changes of groups that were away are sent again.</summary>
    public void Repay(int[] groups) => Array.ForEach(groups, group => Volatile.Write(ref _states[group], Repaying));

    /// <summary>Groups that could not be repaid are away again.</summary>
    public void Fail(int[] groups)
    {
        foreach (var group in groups.Where(group => _states[group] == Repaying))
        {
            Volatile.Write(ref _states[group], Away);
        }
    }

    /// <summary>Groups that have been repaid are asked and trusted again.</summary>
    public void Restore(int[] groups, long trustedUntil, IReadOnlyList<RedisSlotRange> ranges)
    {
        foreach (var group in groups.Where(group => _states[group] == Repaying))
        {
            Volatile.Write(ref _states[group], Ready);
            _parts[group].TrustLost(); // what was cached meanwhile was not watched
            _parts[group].TrustUntil(trustedUntil);
            _servers[group].Clear();
        }

        Look(ranges);
        CountAway();
        foreach (var server in groups.SelectMany(group => _servers[group]).Distinct(StringComparer.Ordinal))
        {
            _breakers.TryRemove(server, out _);
        }
    }

    /// <summary>Notes who has which slots.</summary>
    public void Look(IReadOnlyList<RedisSlotRange> ranges)
    {
        foreach (var range in ranges)
        {
            for (var group = range.First / Slots; group <= range.Last / Slots; group++)
            {
                _servers[group].Add(range.Server);
            }
        }
    }

    public void KeyChanged(string key) => _whole.KeyChanged(key);

    public void LeaseEnded(string key) => _whole.LeaseEnded(key);

    public void TagInvalidated(string tag) => _whole.TagInvalidated(tag);

    public void PatternInvalidated(KeyGlob pattern) => _whole.PatternInvalidated(pattern);

    public void EverythingInvalidated() => _whole.EverythingInvalidated();

    public void TrustLost() => Array.ForEach(_parts, static part => part.TrustLost());

    /// <summary>All that are ready; with 0, all.</summary>
    public void TrustUntil(long timestamp)
    {
        for (var group = 0; group < Count; group++)
        {
            if (timestamp == 0 || _states[group] == Ready)
            {
                _parts[group].TrustUntil(timestamp);
            }
        }
    }

    public ILocalLevel[]? Split(int count, Func<string, int> partitionOf) => null;

    private void CountAway() => Volatile.Write(ref _away, _states.Count(static state => state != Ready));
}
