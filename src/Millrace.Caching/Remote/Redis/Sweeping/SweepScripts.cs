using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis.Sweeping;

/// <summary>The scripts beside this file.</summary>
internal static class SweepScripts
{
    public static RedisScript Claim { get; } = Script("SweepClaim", 2);

    public static RedisScript End { get; } = Script("SweepEnd", 2);

    public static RedisScript Unlink { get; } = Script("Unlink", 1);

    private static RedisScript Script(string name, int keys) => RedisScript.FromResource(typeof(SweepScripts).Assembly, $"Remote.Redis.Sweeping.{name}.lua", keys);
}
