using System.Runtime.InteropServices;

namespace Millrace.Redis.Protocol;

/// <summary>What a reply may not exceed; a reply that does ends its connection.</summary>
/// <param name="Bytes">Longest reply in all, in bytes.</param>
/// <param name="Elements">Most values in one reply, aggregates and their parts counted.</param>
/// <param name="Depth">Deepest nesting of aggregates, at least 1; an empty one counts as a scalar.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RespLimits(long Bytes, long Elements, int Depth)
{
    /// <summary>Longest line: a simple string, an error, a number.</summary>
    public const int LineBytes = 64 * 1024;

    public static RespLimits Default { get; } = new(512L << 20, 16 << 20, 32);
}
