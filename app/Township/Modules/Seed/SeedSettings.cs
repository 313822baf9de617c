namespace Township.Modules.Seed;

/// <summary>Settings of the example town, section <c>Township:Seed</c>. Whether there is one says <see cref="TownshipSettings.ExampleData"/>.</summary>
internal sealed class SeedSettings
{
    public const string Section = "Township:Seed";

    /// <summary>
    /// The day that the example town is told from: everything happened before it, open votes end after it. Default: the day of
    /// first start in UTC, which is the only thing taken from the clock. The same day makes the same town, byte for byte.
    /// </summary>
    public DateOnly? Anchor { get; set; }
}
