namespace Millrace.Caching.WarmUp;

/// <summary>Tells reads that warming causes from those of the application: a prediction must not learn from what it has itself done.</summary>
internal static class WarmingFlow
{
    private static readonly AsyncLocal<bool> Current = new();

    /// <summary>True in everything that a warmer has called, across awaits.</summary>
    public static bool IsCurrent => Current.Value;

    /// <summary>From here to the end of the calling asynchronous method, and in what it calls.</summary>
    public static void Begin() => Current.Value = true;
}
