using System.Text;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>The keys of one queue, in the order of Scripts/_keys.lua. They share a hash tag, so a cluster keeps them on one server.</summary>
internal sealed class QueueKeys
{
    private static readonly string[] Parts =
        ["jobs", "line", "ready", "later", "running", "history", "meta", "leases", "workers", "gone", "completed", "dead", "cancelled", "tags", "schedules", "ticks",
        "unique", "elapsing", "starts", "blocked", "links", "before", "outbox", "inbox", "logs", "grouped", "lines", "turns", "counts"];

    /// <param name="prefix">Begins every key.</param>
    /// <param name="queue">The queue's name.</param>
    public QueueKeys(string prefix, string queue)
    {
        Queue = queue;
        All = [.. Parts.Select(part => Key($"{prefix}:{{q:{queue}}}:{part}"))];
        WakeChannel = Key($"{prefix}:{{q:{queue}}}:meta:wake");
    }

    /// <summary>How many keys <see cref="All"/> has.</summary>
    public static int Count => Parts.Length;

    public string Queue { get; }

    public RedisKey[] All { get; }

    /// <summary>The channel on which scripts say that there is work.</summary>
    public RedisKey WakeChannel { get; }

    public RedisKey Outbox => All[22];

    public RedisKey Schedules => All[14];

    /// <summary>Encoded once.</summary>
    private static RedisKey Key(string text) => new(Encoding.UTF8.GetBytes(text));
}
