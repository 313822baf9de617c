namespace Millrace.AspNetCore.Health;

/// <summary>Health in all and one by one; no entries where details are not for the caller.</summary>
internal sealed record HealthView(string Status, IReadOnlyList<HealthEntry>? Checks);
