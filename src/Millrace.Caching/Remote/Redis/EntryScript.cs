using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

/// <summary>
/// A script that changes one entry, in its variants: as it is; for a cluster, with the first of its keys only, because the others lie elsewhere; and for
/// a server that does not tell of changes itself, with Tell.lua before it and the state after its keys.
/// </summary>
internal sealed class EntryScript
{
    private const string TellsNobody = "local function tell() end\n";

    private static readonly string Tells = Text("Tell", 0).Source;

    /// <param name="name">Its file beside this one.</param>
    /// <param name="keys">How many keys it takes.</param>
    /// <param name="keysOnCluster">How many of them on a cluster; 0: all.</param>
    /// <param name="endsLease">Whether it ends a lease that stands in the entry's place: nobody has a copy of that, others only wait for its end.</param>
    public EntryScript(string name, int keys, int keysOnCluster = 0, bool endsLease = false)
    {
        KeysOnCluster = keysOnCluster == 0 ? keys : keysOnCluster;
        EndsLease = endsLease;
        var source = Text(name, keys).Source;
        Plain = new RedisScript(TellsNobody + source, keys);
        OnCluster = new RedisScript(TellsNobody + source, KeysOnCluster);
        Telling = new RedisScript(Tells + source, keys + 1);
    }

    public int KeysOnCluster { get; }

    public bool EndsLease { get; }

    public RedisScript Plain { get; }

    public RedisScript OnCluster { get; }

    public RedisScript Telling { get; }

    private static RedisScript Text(string name, int keys) => RedisScript.FromResource(typeof(EntryScript).Assembly, $"Remote.Redis.{name}.lua", keys);
}
