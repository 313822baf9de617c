using System.Diagnostics;
using System.Globalization;

namespace Millrace.Jobs.CrashLab;

/// <summary>What the program prints: one line a write, so that a kill leaves no half of one.</summary>
internal static class Lines
{
    /// <summary>Nanoseconds of a clock that all processes of the machine share and nobody sets (CLOCK_MONOTONIC).</summary>
    public static long Now => Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);

    public static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
