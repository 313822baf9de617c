namespace Millrace.Caching.Tests;

/// <summary>Tests that start, freeze and kill programs and servers: one at a time, after all others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class WriteBehindCrashCollection
{
    public const string Name = "write-behind crashes";
}
