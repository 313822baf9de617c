namespace Millrace.Caching.FailSafe;

/// <summary>A factory's state that carries what the factory says about its entry.</summary>
internal interface IContextSource
{
    /// <summary>What the last run said; null before the first.</summary>
    CacheEntryContext? Context { get; }
}
