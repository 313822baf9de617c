using System.Runtime.InteropServices;

namespace Millrace.Redis.Cluster;

/// <summary>
/// Reads the replies to CLUSTER SHARDS (Redis 7 and later) and CLUSTER SLOTS, in RESP2, where pairs are lists, and in RESP3. What they say is
/// not trusted: addresses, slots and numbers of nodes are checked. Fields that are not known are stepped over.
/// </summary>
/// <param name="asked">The node that replies. Where a node's host is empty or null, it is this one's: so servers say that they do not know
/// by which name they are reached.</param>
/// <param name="isTls">Whether the ports for TLS are wanted.</param>
internal sealed class SlotMapReader(RedisEndpoint asked, bool isTls)
{
    /// <summary>Reads CLUSTER SHARDS: shards, each with its ranges of slots and its nodes.</summary>
    /// <exception cref="RedisException">It is none, or says what cannot be.</exception>
    public SlotMap ReadShards(ref RespReader reader)
    {
        var map = new SlotMap.Builder();
        for (var shards = Length(ref reader, SlotMap.MaximumNodes); shards > 0; shards--)
        {
            ReadShard(ref reader, map);
        }

        return map.Build();
    }

    /// <summary>Reads CLUSTER SLOTS: ranges of slots, each with its nodes, the primary first.</summary>
    /// <exception cref="RedisException">It is none, or says what cannot be.</exception>
    public SlotMap ReadSlots(ref RespReader reader)
    {
        var map = new SlotMap.Builder();
        for (var ranges = Length(ref reader, Protocol.HashSlot.Count); ranges > 0; ranges--)
        {
            var nodes = Length(ref reader, SlotMap.MaximumNodes + 2) - 2;
            if (nodes < 0)
            {
                throw new RedisException($"{asked} describes a range of slots without its ends.");
            }

            var (first, last) = (reader.ReadInt64(), reader.ReadInt64());
            List<RedisEndpoint> endpoints = [];
            for (; nodes > 0; nodes--)
            {
                if (ReadSlotsNode(ref reader) is { } endpoint)
                {
                    endpoints.Add(endpoint);
                }
            }

            if (endpoints is [var primary, ..])
            {
                map.Serve(map.Add(primary, endpoints[1..]), first, last);
            }
        }

        return map.Build();
    }

    private void ReadShard(ref RespReader reader, SlotMap.Builder map)
    {
        List<(long First, long Last)> ranges = [];
        List<Node> nodes = [];
        for (var pairs = Length(ref reader, 64) / 2; pairs > 0; pairs--)
        {
            switch (reader.ReadString())
            {
                case "slots":
                    for (var ends = Length(ref reader, 2 * Protocol.HashSlot.Count) / 2; ends > 0; ends--)
                    {
                        ranges.Add((reader.ReadInt64(), reader.ReadInt64()));
                    }

                    break;
                case "nodes":
                    for (var count = Length(ref reader, SlotMap.MaximumNodes); count > 0; count--)
                    {
                        nodes.Add(ReadShardsNode(ref reader));
                    }

                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        // A primary that failed stays listed beside the one that took over.
        var known = nodes.FindAll(static node => node.Endpoint is not null);
        var primary = known.FindIndex(static node => node.IsPrimary && node.IsOnline);
        primary = primary >= 0 ? primary : known.FindIndex(static node => node.IsPrimary);
        if (primary < 0)
        {
            return; // replicas whose primary was forgotten
        }

        // A replica that loads its copy counts where there is no better one: servers say "loading" also of one that has nothing to copy yet.
        var replicas = known.FindAll(static node => !node.IsPrimary && node.IsOnline);
        replicas = replicas.Count > 0 ? replicas : known.FindAll(static node => !node.IsPrimary && node.IsLoading);
        var shard = map.Add(known[primary].Endpoint!.Value, replicas.Select(static node => node.Endpoint!.Value));
        ranges.ForEach(range => map.Serve(shard, range.First, range.Last));
    }

    private Node ReadShardsNode(ref RespReader reader)
    {
        var (endpoint, ip, role, health) = ((string?)null, (string?)null, "", "online");
        var (port, tlsPort) = (0L, 0L);
        for (var pairs = Length(ref reader, 64) / 2; pairs > 0; pairs--)
        {
            switch (reader.ReadString())
            {
                case "endpoint":
                    endpoint = reader.ReadString();
                    break;
                case "ip":
                    ip = reader.ReadString();
                    break;
                case "port":
                    port = reader.ReadInt64();
                    break;
                case "tls-port":
                    tlsPort = reader.ReadInt64();
                    break;
                case "role":
                    role = reader.ReadString() ?? "";
                    break;
                case "health":
                    health = reader.ReadString() ?? "";
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        // "?": a host's name is to be told, and the node has none.
        var host = endpoint == "?" ? ip : endpoint;
        return new Node(Endpoint(host, isTls && tlsPort > 0 ? tlsPort : port), role == "master", health == "online", health == "loading");
    }

    private RedisEndpoint? ReadSlotsNode(ref RespReader reader)
    {
        var fields = Length(ref reader, 64);
        if (fields < 2)
        {
            throw new RedisException($"{asked} describes a node without its address.");
        }

        var (host, port) = (reader.ReadString(), reader.ReadInt64());
        for (; fields > 2; fields--)
        {
            reader.Skip(); // its id, and what else is known of it
        }

        return Endpoint(host, port);
    }

    /// <summary>A node's address; null: it has none that can be used, such as a node that waits to be met.</summary>
    private RedisEndpoint? Endpoint(string? host, long port) => NodeAddress.TryRead(host, port, asked, out var endpoint) ? endpoint : null;

    private int Length(ref RespReader reader, int maximum)
    {
        var length = reader.ReadAggregateHeader();
        return length >= 0 && length <= maximum
            ? length
            : throw new RedisException($"{asked} describes its cluster with a list of {length} values, where {maximum} are the most.");
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Node(RedisEndpoint? Endpoint, bool IsPrimary, bool IsOnline, bool IsLoading);
}
