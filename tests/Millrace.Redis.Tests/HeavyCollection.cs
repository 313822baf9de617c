namespace Millrace.Redis.Tests;

/// <summary>
/// Tests that start servers of their own by the half-dozen, kill them, or measure: they run one at a time, after all others.
/// Put <c>[Collection(HeavyCollection.Name)]</c> on their class.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class HeavyCollection
{
    public const string Name = "heavy";
}
