namespace Millrace.Jobs.Tests;

/// <summary>Tests that start servers by the half-dozen, kill them, or start programs: they run one at a time, after all others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class HeavyCollection
{
    public const string Name = "heavy";
}
