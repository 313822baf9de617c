using System.Runtime.CompilerServices;

namespace Millrace.Caching;

/// <summary>How sessions live. Bound from the section <c>Sessions</c> of the cache's, which has the last word over code; read once. Lifetimes hold for sessions that begin from then on.</summary>
public sealed class SessionCacheOptions
{
    /// <summary>How long a session lives without being used. From 1 s to 365 days; default 1 hour.</summary>
    public TimeSpan SlidingExpiration
    {
        get;
        set => field = Within(value, TimeSpan.FromSeconds(1), TimeSpan.FromDays(365));
    }

        = TimeSpan.FromHours(1);

    /// <summary>How long a session lives however much it is used. From 1 s to 3,650 days; default 14 days.</summary>
    public TimeSpan AbsoluteExpiration
    {
        get;
        set => field = Within(value, TimeSpan.FromSeconds(1), TimeSpan.FromDays(3650));
    }

        = TimeSpan.FromDays(14);

    /// <summary>
    /// How long this process lets a token in without asking Redis again, while it hears of revocations; never longer than a quarter of
    /// <see cref="SlidingExpiration"/>. From zero, which always asks, to 1 hour; default 10 min.
    /// </summary>
    public TimeSpan ValidationLifetime
    {
        get;
        set => field = Within(value, TimeSpan.Zero, TimeSpan.FromHours(1));
    }

        = TimeSpan.FromMinutes(10);

    /// <summary>The sessions that one user may have; beyond it the one that began first ends. From 1 to 1,000; default 20.</summary>
    public int SessionsPerUser
    {
        get;
        set => field = Within(value, 1, 1000);
    }

        = 20;

    /// <summary>The bytes of data that a session may carry; more is refused. From 0 to 65,536; default 4,096.</summary>
    public int MaximumDataBytes
    {
        get;
        set => field = Within(value, 0, 65_536);
    }

        = 4096;

    private static T Within<T>(T value, T least, T most, [CallerMemberName] string option = "")
        where T : IComparable<T> =>
        value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0
            ? value
            : throw new ArgumentOutOfRangeException(option, value, $"{option} of sessions must be from {least} to {most}.");
}
