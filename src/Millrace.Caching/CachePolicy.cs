namespace Millrace.Caching;

/// <summary>How long an entry lives. Immutable; declare each once, in a static field, and share it.</summary>
/// <remarks>
/// Where the policy has a <see cref="Name"/>, the configuration section <c>Millrace:Cache:Policies:NAME</c> overrides what the code says
/// (<see cref="CacheOptions.Policies"/>), so an operator can change a lifetime without a build.
/// </remarks>
public sealed partial record CachePolicy
{
    /// <summary>The longest lifetime that is kept as given; anything longer counts as this long. Ten years.</summary>
    public static readonly TimeSpan LongestExpiration = TimeSpan.FromDays(3653);

    /// <summary>A policy of five minutes; set the properties to say more.</summary>
    public CachePolicy()
    {
    }

    /// <summary>A named policy.</summary>
    /// <param name="name">The name that configuration overrides it by.</param>
    /// <param name="expiration">The lifetime of an entry, counted from its storing; greater than zero.</param>
    public CachePolicy(string name, TimeSpan expiration)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
        Expiration = expiration;
    }

    /// <summary>The name that configuration overrides the policy by, compared without regard to case; null (the default): it cannot be overridden.</summary>
    public string? Name { get; init; }

    /// <summary>The lifetime of an entry, counted from its storing. Greater than zero; default five minutes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public TimeSpan Expiration
    {
        get;
        init => field = Positive(value, nameof(Expiration));
    }

        = TimeSpan.FromMinutes(5);

    /// <summary>The copy in this process expires after this time, if that is sooner than <see cref="Expiration"/>; null (the default): it does not.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public TimeSpan? LocalExpiration
    {
        get;
        init => field = value is { } span ? Positive(span, nameof(LocalExpiration)) : null;
    }

    /// <summary>An entry that nobody reads for this long expires, at the latest when its <see cref="Expiration"/> is over; null (the default): reading has no influence.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public TimeSpan? SlidingExpiration
    {
        get;
        init => field = value is { } span ? Positive(span, nameof(SlidingExpiration)) : null;
    }

    /// <summary>
    /// The share of the lifetime, from 0 (the default) to 0.5, that chance may take away: 0.1 lets entries of one hour live between 54 and 60 minutes,
    /// so that what was stored together does not expire together.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not between 0 and 0.5.</exception>
    public double Jitter
    {
        get;
        init
        {
            if (!(value is >= 0 and <= 0.5))
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, "The jitter of a cache policy is a share from 0 to 0.5.");
            }

            field = value;
        }
    }

    /// <summary>
    /// True: nobody changes a value once it is in the cache, so all readers may share one object, and a hit neither copies nor allocates.
    /// False (the default): only types that are known to be immutable are shared, all others are kept serialized and each reader gets its own copy.
    /// </summary>
    public bool Immutable { get; init; }

    /// <summary>
    /// Whether the copy in this process may be served while the second level cannot be reached, so that nobody would tell of a change; until the copy
    /// expires. Default true. False: such reads go to the source. Without a second level it has no meaning.
    /// </summary>
    public bool StaleInOutage { get; init; } = true;

    private static TimeSpan Positive(TimeSpan value, string property) =>
        value > TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(property, value, $"{property} of a cache policy must be greater than zero; to keep nothing, do not use the cache.");
}
