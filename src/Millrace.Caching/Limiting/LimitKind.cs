namespace Millrace.Caching.Limiting;

/// <summary>The algorithms. The first letters are part of the keys.</summary>
internal enum LimitKind
{
    Fixed,
    Sliding,
    Token,
}
