namespace Millrace.Caching;

/// <summary>What a shared rate limiter decides while Redis does not answer.</summary>
public enum RateLimitFallback
{
    /// <summary>Each process counts alone, with the whole limit: n processes together allow up to n times as much. The default.</summary>
    Local,

    /// <summary>Everything is allowed: the limit protects nothing that matters more than being reachable.</summary>
    Allow,

    /// <summary>Nothing is allowed: the limit protects what must not be overrun.</summary>
    Deny,
}
