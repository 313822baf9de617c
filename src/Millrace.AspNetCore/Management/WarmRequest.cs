namespace Millrace.AspNetCore.Management;

/// <summary>Which warmers to run.</summary>
/// <param name="Warmers">Their names; null or none for all.</param>
/// <param name="UserId">The user to warm for, by all warmers that are per user; not together with <paramref name="Warmers"/>.</param>
/// <param name="Wait">False: begin, and answer at once. Default true.</param>
internal sealed record WarmRequest(IReadOnlyList<string>? Warmers, string? UserId, bool? Wait);
