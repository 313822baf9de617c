using System.Runtime.InteropServices;

namespace Millrace.Caching;

/// <summary>When a counter ends and counts from zero again. The default value says nothing: a new counter does not end, an old one ends when it would have.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct CounterExpiry
{
    private CounterExpiry(TimeSpan lifetime, bool isSliding)
    {
        if (lifetime < TimeSpan.FromMilliseconds(1) || lifetime > CachePolicy.LongestExpiration)
        {
            throw new ArgumentOutOfRangeException(nameof(lifetime), lifetime, "A counter lives from one millisecond to ten years; leave its expiry out to keep it.");
        }

        (Lifetime, IsSliding) = (lifetime, isSliding);
    }

    /// <summary>How long the counter lives, in whole milliseconds, parts rounded up; null: the expiry is left alone.</summary>
    public TimeSpan? Lifetime { get; }

    /// <summary>Whether the lifetime begins anew with each change; otherwise it began with the first.</summary>
    public bool IsSliding { get; }

    /// <summary>The counter ends a while after the change that made it, whatever happens to it meanwhile: so many a day, an hour, a minute.</summary>
    /// <param name="lifetime">From one millisecond to ten years.</param>
    /// <exception cref="ArgumentOutOfRangeException">The lifetime is out of its range.</exception>
    public static CounterExpiry FromCreation(TimeSpan lifetime) => new(lifetime, isSliding: false);

    /// <summary>The counter ends when nothing has changed it for a while: failed sign-ins in a row, events close together.</summary>
    /// <param name="lifetime">From one millisecond to ten years.</param>
    /// <exception cref="ArgumentOutOfRangeException">The lifetime is out of its range.</exception>
    public static CounterExpiry Sliding(TimeSpan lifetime) => new(lifetime, isSliding: true);
}
