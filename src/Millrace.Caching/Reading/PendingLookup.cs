namespace Millrace.Caching.Reading;

/// <summary>The answer to the question for a pending value.</summary>
/// <param name="IsKnown">False: nobody could say whether there is one. What the source has may be old, and must not be kept.</param>
/// <param name="Found">There is one.</param>
/// <param name="Value">It.</param>
internal readonly record struct PendingLookup<T>(bool IsKnown, bool Found, T? Value)
{
    public static PendingLookup<T> None => new(IsKnown: true, Found: false, default);

    public static PendingLookup<T> Unknown => default;
}
