namespace Millrace.Caching;

/// <summary>A session that has just begun, with its token. Immutable.</summary>
public sealed class NewSession
{
    internal NewSession(string token, CacheSession session) => (Token, Session) = (token, session);

    /// <summary>The secret that the client shows to be let in: 64 characters of base64url, of them 256 bits random. It is stored nowhere and shown once.</summary>
    public string Token { get; }

    /// <summary>The session.</summary>
    public CacheSession Session { get; }

    /// <summary>The session's id, never the token.</summary>
    public override string ToString() => Session.Id;
}
