namespace Township.Modules.Accounts.Sessions;

/// <summary>These sessions are over: whoever comes with one of them is a guest from now on.</summary>
internal sealed record SessionsEnded(IReadOnlyList<string> TokenHashes, IReadOnlyList<string> SessionIds);
