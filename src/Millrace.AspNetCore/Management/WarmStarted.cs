namespace Millrace.AspNetCore.Management;

/// <summary>Warmers whose runs go on in the background.</summary>
internal sealed record WarmStarted(IReadOnlyList<string> Warmers);
