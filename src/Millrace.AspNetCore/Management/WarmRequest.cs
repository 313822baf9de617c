namespace Millrace.AspNetCore.Management;

/// <summary>Which warmers to run; null or none for all.</summary>
internal sealed record WarmRequest(IReadOnlyList<string>? Warmers);
