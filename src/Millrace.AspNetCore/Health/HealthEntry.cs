namespace Millrace.AspNetCore.Health;

/// <summary>One health check.</summary>
internal sealed record HealthEntry(string Name, string Status, string? Description, double DurationMilliseconds);
