using Millrace.Caching.Tests.Sharing;

namespace Millrace.Caching.Tests.Remote;

/// <summary>Outages of a server without key tracking, whose nodes tell each other of changed keys.</summary>
[Trait("req", "C-09"), Trait("req", "C-05")]
public sealed class UntrackedOutageTests() : OutageRules(SharedServers.ClientCommand(SharedServers.Untracked));
