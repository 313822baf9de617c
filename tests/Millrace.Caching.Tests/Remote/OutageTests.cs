namespace Millrace.Caching.Tests.Remote;

/// <summary>Outages of a server that tells of changed keys.</summary>
[Trait("req", "C-09")]
public sealed class OutageTests() : OutageRules("CLIENT");
