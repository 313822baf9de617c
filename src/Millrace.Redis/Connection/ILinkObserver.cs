namespace Millrace.Redis.Connection;

/// <summary>Told what happens on a server's shared connections. Calls come from connections' threads and must not block or throw.</summary>
internal interface ILinkObserver
{
    /// <summary>A connection is ready; commands go to it from now on.</summary>
    void OnConnected(ServerLink link, ServerGreeting greeting);

    /// <summary>An attempt to connect failed; the next one follows after a delay.</summary>
    void OnConnectFailed(ServerLink link, Exception error);

    /// <summary>The connection was lost. What was tracked on it can no longer be trusted.</summary>
    void OnDisconnected(ServerLink link, Exception reason);

    /// <summary>A push came; replies and pushes are told in the order in which the server sent them.</summary>
    void OnPush(ServerLink link, ref RespReader push);
}
