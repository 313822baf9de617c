namespace Millrace.AspNetCore.Management;

/// <summary>What was invalidated, and in which caches.</summary>
internal sealed record InvalidateResult(IReadOnlyList<string> Caches, int Keys, int Tags, int Patterns, bool All);
