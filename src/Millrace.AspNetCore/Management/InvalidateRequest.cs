using System.Text.Json;

namespace Millrace.AspNetCore.Management;

/// <summary>What to invalidate: keys, tags and patterns, or everything, or what the rules for an event say.</summary>
internal sealed record InvalidateRequest(
    string? Cache, IReadOnlyList<string>? Keys, IReadOnlyList<string>? Tags, IReadOnlyList<string>? Patterns, bool? All, string? Event, JsonElement? Data);
