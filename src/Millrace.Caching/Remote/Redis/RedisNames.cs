using System.Text;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

/// <summary>The keys of one cache in Redis: entries under its prefix, all else on one slot of a cluster.</summary>
internal sealed class RedisNames
{
    private readonly byte[] _prefixBytes;

    public RedisNames(string prefix)
    {
        Prefix = prefix;
        _prefixBytes = Encoding.UTF8.GetBytes(prefix);
        var shared = $"{{{prefix}}}";
        State = new RedisKey(Encoding.UTF8.GetBytes(shared + "state"));
        Tags = new RedisKey(Encoding.UTF8.GetBytes(shared + "tags"));
        Patterns = new RedisKey(Encoding.UTF8.GetBytes(shared + "patterns"));
        Nodes = new RedisKey(Encoding.UTF8.GetBytes(shared + "nodes"));
        Layouts = new RedisKey(Encoding.UTF8.GetBytes(shared + "layouts"));
        Sweeper = new RedisKey(Encoding.UTF8.GetBytes(shared + "sweeper"));
        EntryPattern = new string([.. prefix.SelectMany(static c => c is '*' or '?' or '[' or ']' or '\\' or '^' ? ['\\', c] : (char[])[c])]) + '*';
        Channel = shared + "channel";
        AnswersPrefix = shared + "answers:";
    }

    public string Prefix { get; }

    public RedisKey State { get; }

    public RedisKey Tags { get; }

    public RedisKey Patterns { get; }

    public RedisKey Nodes { get; }

    /// <summary>Which lists of servers nodes have, where they share the keys among several.</summary>
    public RedisKey Layouts { get; }

    /// <summary>The node that sweeps the server.</summary>
    public RedisKey Sweeper { get; }

    /// <summary>What entries match, for SCAN.</summary>
    public string EntryPattern { get; }

    /// <summary>Where invalidations are told.</summary>
    public string Channel { get; }

    /// <summary>Where a node is told that its invalidations are confirmed: this and its name.</summary>
    public string AnswersPrefix { get; }

    public RedisKey Of(string key) => Prefix + key;

    /// <summary>
    /// The key of a lease beside an entry, on the entry's slot of a cluster; null where there is none on that slot, because of braces that do not
    /// make a hash tag.
    /// </summary>
    public RedisKey? RefreshOf(string key)
    {
        var entry = Prefix + key;
        var open = entry.IndexOf('{', StringComparison.Ordinal);
        if (open >= 0 && entry.IndexOf('}', open) > open + 1)
        {
            return new RedisKey(Encoding.UTF8.GetBytes($"{Prefix}!refresh:{entry}"));
        }

        if (entry.Contains('}', StringComparison.Ordinal))
        {
            return null;
        }

        return new RedisKey(Encoding.UTF8.GetBytes($"{Prefix}!refresh:{{{entry}}}"));
    }

    /// <summary>The cache's key of a key in Redis; null for what is none of its entries.</summary>
    public string? KeyOf(ReadOnlySpan<byte> key) => key.StartsWith(_prefixBytes) ? Encoding.UTF8.GetString(key[_prefixBytes.Length..]) : null;
}
