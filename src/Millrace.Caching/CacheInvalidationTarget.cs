namespace Millrace.Caching;

/// <summary>What would become invalid in one cache.</summary>
/// <param name="Cache">The cache's name.</param>
/// <param name="Keys">The keys.</param>
/// <param name="Tags">The tags.</param>
/// <param name="Patterns">The patterns of keys.</param>
/// <param name="Everything">True: everything, whatever the lists say.</param>
/// <param name="Confirmed">True: a rule asks that other nodes confirm it.</param>
public sealed record CacheInvalidationTarget(
    string Cache, IReadOnlyList<string> Keys, IReadOnlyList<string> Tags, IReadOnlyList<string> Patterns, bool Everything, bool Confirmed);
