namespace Millrace.Caching;

/// <summary>What configuration says about a named policy; null properties leave to the code's <see cref="CachePolicy"/> what it says.</summary>
public sealed class CachePolicySettings
{
    /// <summary>Replaces <see cref="CachePolicy.Expiration"/>; greater than zero.</summary>
    public TimeSpan? Expiration { get; set; }

    /// <summary>Replaces <see cref="CachePolicy.LocalExpiration"/>; greater than zero.</summary>
    public TimeSpan? LocalExpiration { get; set; }

    /// <summary>Replaces <see cref="CachePolicy.SlidingExpiration"/>; greater than zero.</summary>
    public TimeSpan? SlidingExpiration { get; set; }

    /// <summary>Replaces <see cref="CachePolicy.Jitter"/>; from 0 to 0.5.</summary>
    public double? Jitter { get; set; }
}
