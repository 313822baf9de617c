namespace Millrace.Redis;

/// <summary>Which version of the protocol a connection speaks.</summary>
public enum RedisProtocol
{
    /// <summary>RESP3; RESP2 where the server does not know <c>HELLO 3</c>.</summary>
    Auto,

    /// <summary>RESP2, without asking for more. There are no pushes: no tracking, and subscriptions take a connection of their own.</summary>
    Resp2,

    /// <summary>RESP3; a server that does not know it is refused.</summary>
    Resp3,
}
