using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Millrace.AspNetCore.Health;

/// <summary>The tag of checks that say whether this process can take requests.</summary>
internal static class HealthTags
{
    public const string Ready = "ready";

    public static bool IsReady(HealthCheckRegistration registration) => registration.Tags.Contains(Ready);
}
