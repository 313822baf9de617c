using Millrace.Caching;

namespace Millrace.AspNetCore.Management;

/// <summary>What a request would invalidate, per cache, and what its rules could not tell.</summary>
internal sealed record InvalidatePreview(string? Event, IReadOnlyList<CacheInvalidationTarget> Caches, IReadOnlyList<string> Failures);
