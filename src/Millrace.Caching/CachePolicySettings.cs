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

    /// <summary>Replaces <see cref="CachePolicy.FailSafe"/>; from zero to <see cref="CachePolicy.LongestFailSafe"/>.</summary>
    public TimeSpan? FailSafe { get; set; }

    /// <summary>Replaces <see cref="CachePolicy.FailSafeThrottle"/>; from 1 ms to one hour.</summary>
    public TimeSpan? FailSafeThrottle { get; set; }

    /// <summary>Replaces <see cref="CachePolicy.SoftTimeout"/>; greater than zero.</summary>
    public TimeSpan? SoftTimeout { get; set; }

    /// <summary>Replaces <see cref="CachePolicy.HardTimeout"/>; greater than zero.</summary>
    public TimeSpan? HardTimeout { get; set; }

    /// <summary>Replaces <see cref="CachePolicy.NegativeExpiration"/>; greater than zero.</summary>
    public TimeSpan? NegativeExpiration { get; set; }

    /// <summary>Replaces <see cref="CachePolicy.RefreshAhead"/>; greater than 0 and less than 1.</summary>
    public double? RefreshAhead { get; set; }
}
