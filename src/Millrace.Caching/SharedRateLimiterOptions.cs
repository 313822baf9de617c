namespace Millrace.Caching;

/// <summary>How shared rate limiters behave. Bound from the section <c>RateLimiters</c> of the cache's, which has the last word over code; read once, when the limiters are made.</summary>
public sealed class SharedRateLimiterOptions
{
    /// <summary>What is decided while Redis does not answer. Default <see cref="RateLimitFallback.Local"/>.</summary>
    public RateLimitFallback Fallback
    {
        get;
        set => field = Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Fallback is Local, Allow or Deny.");
    }

    /// <summary>How long a decision may wait for Redis before it is made without. From 1 ms to 1 min; default 500 ms.</summary>
    public TimeSpan Timeout
    {
        get;
        set => field = value >= TimeSpan.FromMilliseconds(1) && value <= TimeSpan.FromMinutes(1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The time-out of a rate limiter must be from 1 ms to 1 min.");
    }

        = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The resources that this process counts at most, without Redis or while it is away. From 1 to 100 million; default 100,000. At the bound the
    /// one that would be forgotten first begins anew.
    /// </summary>
    public int LocalLimit
    {
        get;
        set => field = value is >= 1 and <= 100_000_000
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "LocalLimit must be from 1 to 100,000,000.");
    }

        = 100_000;
}
