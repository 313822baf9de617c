namespace Millrace.AspNetCore.Management;

/// <summary>An operation was done.</summary>
internal sealed record Operated(string Operation, string Target, string Outcome);
