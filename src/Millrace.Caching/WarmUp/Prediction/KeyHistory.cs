using System.Runtime.InteropServices;

namespace Millrace.Caching.WarmUp.Prediction;

/// <summary>What is known of one key before an hour; the letters are those of <see cref="KeyFeatures"/>.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct KeyHistory
{
    /// <summary>Hours observed since the key was first read, that one included; at least 1.</summary>
    public required int Age { get; init; }

    /// <summary>Hours since the key was last read; 1 for the hour before.</summary>
    public required int Gap { get; init; }

    /// <summary>The hour of the day that is asked about, 0 to 23, in UTC.</summary>
    public required int HourOfDay { get; init; }

    public required double Slow { get; init; }

    public required double Fast { get; init; }

    public required double Hour { get; init; }

    public required double HourBefore { get; init; }

    public required double HourAfter { get; init; }

    public required double Day { get; init; }
}
