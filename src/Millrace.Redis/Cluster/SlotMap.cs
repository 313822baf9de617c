using Millrace.Redis.Protocol;

namespace Millrace.Redis.Cluster;

/// <summary>Which shard of a cluster serves each of the 16,384 slots. Immutable.</summary>
internal sealed class SlotMap
{
    /// <summary>The most nodes that a map may name; a cluster of Redis has at most about so many.</summary>
    public const int MaximumNodes = 1_000;

    private const short Nobody = -1;

    private readonly short[] _shardOf;
    private readonly ClusterShard[] _shards;

    private SlotMap(short[] shardOf, ClusterShard[] shards)
    {
        _shardOf = shardOf;
        _shards = shards;
    }

    /// <summary>The map before any was read.</summary>
    public static SlotMap Empty { get; } = new Builder().Build();

    /// <summary>All shards, those without slots included.</summary>
    public IReadOnlyList<ClusterShard> Shards => _shards;

    /// <summary>All nodes.</summary>
    public IEnumerable<RedisEndpoint> Endpoints => _shards.SelectMany(static shard => shard.Replicas.Prepend(shard.Primary));

    /// <summary>Whether every slot is served.</summary>
    public bool IsComplete => !_shardOf.AsSpan().Contains(Nobody);

    /// <summary>Whether no slot is served.</summary>
    public bool IsEmpty => !_shardOf.AsSpan().ContainsAnyExcept(Nobody);

    /// <summary>The slots that are served, in their order.</summary>
    public IReadOnlyList<RedisSlotRange> Ranges => field ??= FindRanges();

    /// <summary>Who serves a slot; null: nobody.</summary>
    public ClusterShard? this[int slot] => _shardOf[slot] is >= 0 and var shard ? _shards[shard] : null;

    /// <summary>The map in which one slot is served by another primary.</summary>
    /// <returns>This one when it says so already, or when it would name too many nodes.</returns>
    public SlotMap With(int slot, RedisEndpoint primary)
    {
        if (this[slot]?.Primary == primary)
        {
            return this;
        }

        var shard = Array.FindIndex(_shards, other => other.Primary == primary);
        if (shard < 0 && _shards.Length >= MaximumNodes)
        {
            return this;
        }

        // A replica that was promoted: its shard is not known again before the whole map has been read.
        var shards = shard >= 0 ? _shards : [.. _shards, new ClusterShard(primary, [])];
        var shardOf = (short[])_shardOf.Clone();
        shardOf[slot] = (short)(shard >= 0 ? shard : shards.Length - 1);
        return new SlotMap(shardOf, shards);
    }

    private List<RedisSlotRange> FindRanges()
    {
        var ranges = new List<RedisSlotRange>();
        for (int first = 0, next; first < HashSlot.Count; first = next)
        {
            for (next = first + 1; next < HashSlot.Count && _shardOf[next] == _shardOf[first]; next++)
            {
                // to the end of the range
            }

            if (this[first] is { } shard)
            {
                ranges.Add(new RedisSlotRange(shard.Primary.ToString(), first, next - 1));
            }
        }

        return ranges;
    }

    /// <summary>Collects what servers say. Not thread-safe.</summary>
    internal sealed class Builder
    {
        private readonly short[] _shardOf = new short[HashSlot.Count];
        private readonly List<(RedisEndpoint Primary, List<RedisEndpoint> Replicas)> _shards = [];
        private int _nodes;

        public Builder() => _shardOf.AsSpan().Fill(Nobody);

        /// <summary>Adds a shard, or finds the one of this primary.</summary>
        /// <returns>Its number.</returns>
        /// <exception cref="RedisException">There are too many nodes.</exception>
        public int Add(RedisEndpoint primary, IEnumerable<RedisEndpoint> replicas)
        {
            var shard = _shards.FindIndex(other => other.Primary == primary);
            if (shard < 0)
            {
                shard = _shards.Count;
                _shards.Add((primary, []));
                Count();
            }

            foreach (var replica in replicas)
            {
                if (replica != primary && !_shards[shard].Replicas.Contains(replica))
                {
                    _shards[shard].Replicas.Add(replica);
                    Count();
                }
            }

            return shard;
        }

        /// <summary>Says that a shard serves slots.</summary>
        /// <exception cref="RedisException">There are no such slots.</exception>
        public void Serve(int shard, long first, long last)
        {
            if (first < 0 || last < first || last >= HashSlot.Count)
            {
                throw new RedisException($"A node of the cluster names the slots {first} to {last}, where there are 0 to {HashSlot.Count - 1}.");
            }

            _shardOf.AsSpan((int)first, (int)(last - first) + 1).Fill((short)shard);
        }

        public SlotMap Build() => new(_shardOf, [.. _shards.Select(static shard => new ClusterShard(shard.Primary, shard.Replicas))]);

        private void Count()
        {
            if (++_nodes > MaximumNodes)
            {
                throw new RedisException($"A node of the cluster names over {MaximumNodes} nodes.");
            }
        }
    }
}
