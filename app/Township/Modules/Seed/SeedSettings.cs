namespace Township.Modules.Seed;

/// <summary>Settings of the example town, section <c>Seed</c>.</summary>
internal sealed class SeedSettings
{
    public const string Section = "Seed";

    /// <summary>Whether first start fills the database with the example town. Default: outside Production.</summary>
    public bool? Enabled { get; set; }

    /// <summary>
    /// The day that the example town is told from: everything happened before it, open votes end after it. Default: the day of
    /// first start in UTC, which is the only thing taken from the clock. The same day makes the same town, byte for byte.
    /// </summary>
    public DateOnly? Anchor { get; set; }
}
