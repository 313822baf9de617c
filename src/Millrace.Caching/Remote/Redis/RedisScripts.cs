using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

/// <summary>The scripts beside this file.</summary>
internal static class RedisScripts
{
    public static RedisScript Stamp { get; } = RedisScript.FromResource(typeof(RedisScripts).Assembly, "Remote.Redis.Stamp.lua", 1);

    public static RedisScript Invalidate { get; } = RedisScript.FromResource(typeof(RedisScripts).Assembly, "Remote.Redis.Invalidate.lua", 4);

    public static RedisScript Heartbeat { get; } = RedisScript.FromResource(typeof(RedisScripts).Assembly, "Remote.Redis.Heartbeat.lua", 2);

    public static RedisScript Layouts { get; } = RedisScript.FromResource(typeof(RedisScripts).Assembly, "Remote.Redis.Layouts.lua", 2);

    public static RedisScript Touch { get; } = RedisScript.FromResource(typeof(RedisScripts).Assembly, "Remote.Redis.Touch.lua", 1);

    public static EntryScript Lease { get; } = new("Lease", keys: 2, keysOnCluster: 1);

    public static EntryScript Fill { get; } = new("Fill", keys: 3, keysOnCluster: 1, endsLease: true);

    public static EntryScript Release { get; } = new("Release", keys: 1, endsLease: true);

    public static EntryScript Renew { get; } = new("Renew", keys: 3, keysOnCluster: 2);

    public static EntryScript Replace { get; } = new("Replace", keys: 4, keysOnCluster: 2);

    public static EntryScript Fail { get; } = new("Fail", keys: 2, endsLease: true);

    public static EntryScript Retime { get; } = new("Retime", keys: 1);

    public static EntryScript Set { get; } = new("Set", keys: 3, keysOnCluster: 1);

    public static EntryScript Remove { get; } = new("Remove", keys: 1);
}
