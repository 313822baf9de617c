using System.Buffers.Text;
using Millrace.Redis;

namespace Millrace.Caching.Sharing;

/// <summary>The scripts of this package, and what comes back from them.</summary>
internal static class Scripts
{
    /// <summary>A script from the folder and file that its name says.</summary>
    public static RedisScript Load(string folder, string name, int keyCount) =>
        RedisScript.FromResource(typeof(Scripts).Assembly, $"Millrace.Caching.{folder}.{name}.lua", keyCount);

    /// <summary>A whole number as Redis stores it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long number) => Utf8Parser.TryParse(text, out number, out var read) && read == text.Length;

    /// <summary>A duration in whole milliseconds, parts rounded up, at least 1.</summary>
    public static long Milliseconds(TimeSpan duration) =>
        Math.Max(1, (duration.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond);
}
