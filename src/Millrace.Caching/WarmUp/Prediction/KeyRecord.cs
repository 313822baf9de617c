using System.Runtime.InteropServices;

namespace Millrace.Caching.WarmUp.Prediction;

/// <summary>A tracked key; hours are numbers of observed hours (see <see cref="KeyLearner"/>).</summary>
[StructLayout(LayoutKind.Auto)]
internal struct KeyRecord
{
    /// <summary>The key; null where the place is empty.</summary>
    public string? Key;

    /// <summary>Hours in which it was read, decayed with a half-life of three days.</summary>
    public float Slow;

    /// <summary>The same with a half-life of six hours.</summary>
    public float Fast;

    /// <summary>The hour in which it was first read.</summary>
    public int First;

    /// <summary>The last hour before the current one in which it was read; its first hour while there is none.</summary>
    public int Last;

    /// <summary>The last hour in which it was read, the current one included.</summary>
    public int Seen;
}
