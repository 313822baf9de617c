using System.ComponentModel.DataAnnotations;

namespace Township.Platform;

/// <summary>Township's own settings, section <c>Township</c>. Every one has a default; the guide's table explains them.</summary>
internal sealed class TownshipSettings
{
    public const string Section = "Township";

    /// <summary>
    /// The address that residents reach Township at, used for links in e-mail. Unset: the first address it listens on. Never
    /// taken from a request, whose Host header anyone can choose.
    /// </summary>
    public Uri? PublicUrl { get; set; }

    /// <summary>Failed or successful sign-ins, registrations and resets one client address may try per minute.</summary>
    [Range(1, 1_000_000)]
    public int AccountAttemptsPerMinute { get; set; } = 20;

    /// <summary>Whether first start makes the demo sign-ins. Unset: outside Production.</summary>
    public bool? DemoAccounts { get; set; }

    /// <summary>Whether first start makes the example data: residents, organisations, projects, questions. Unset: outside Production.</summary>
    public bool? ExampleData { get; set; }
}
