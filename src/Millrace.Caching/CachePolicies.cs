namespace Millrace.Caching;

/// <summary>The five usual tiers. Configuration can move each by its name, as in <c>Millrace:Cache:Policies:Short:Expiration = 00:02:00</c>.</summary>
public static class CachePolicies
{
#pragma warning disable CA1720 // Short and Long are the tiers' names everywhere: in configuration, in the guides, in people's talk
    /// <summary>One minute: what changes all the time and is read even more often.</summary>
    public static CachePolicy VeryShort { get; } = new(nameof(VeryShort), TimeSpan.FromMinutes(1));

    /// <summary>Five minutes: lists, dashboards.</summary>
    public static CachePolicy Short { get; } = new(nameof(Short), TimeSpan.FromMinutes(5));

    /// <summary>Fifteen minutes: statistics, histories.</summary>
    public static CachePolicy Medium { get; } = new(nameof(Medium), TimeSpan.FromMinutes(15));

    /// <summary>One hour: profiles, settings, templates.</summary>
    public static CachePolicy Long { get; } = new(nameof(Long), TimeSpan.FromHours(1));

    /// <summary>Twenty-four hours: what hardly ever changes.</summary>
    public static CachePolicy Daily { get; } = new(nameof(Daily), TimeSpan.FromHours(24));
#pragma warning restore CA1720
}
