namespace Millrace.Caching;

/// <summary>What an event would invalidate; nothing was.</summary>
/// <param name="Event">The event: its name, or the name of its type.</param>
/// <param name="Caches">What would become invalid, per cache; empty where no rule matches.</param>
/// <param name="Failures">Why rules could not tell what they would invalidate; the real event would fail with the same.</param>
public sealed record CacheInvalidationPreview(string Event, IReadOnlyList<CacheInvalidationTarget> Caches, IReadOnlyList<string> Failures);
