namespace Millrace.AspNetCore.Management;

/// <summary>What to invalidate: keys, tags, or everything.</summary>
internal sealed record InvalidateRequest(string? Cache, IReadOnlyList<string>? Keys, IReadOnlyList<string>? Tags, bool? All);
