using Microsoft.Extensions.Logging;
using Millrace.Redis.Diagnostics;

namespace Millrace.Redis.Connection;

/// <summary>Logs outages, once when one starts and once when it ends: for each server, not for each of its connections or attempts.</summary>
internal sealed class OutageLog(ILogger logger, TimeProvider time) : ILinkObserver
{
    public void OnConnected(ServerLink link, ServerGreeting greeting)
    {
        Log.Connected(logger, link.Server, greeting.Version, greeting.Protocol);
        var (endsOutage, duration, attempts) = link.Counters.Up(link, time);
        if (endsOutage)
        {
            Log.OutageEnded(logger, link.Server, duration, attempts);
        }
    }

    public void OnConnectFailed(ServerLink link, Exception error) => Tell(link, error, isAttempt: true);

    public void OnDisconnected(ServerLink link, Exception reason) => Tell(link, reason, isAttempt: false);

    public void OnPush(ServerLink link, ref RespReader push)
    {
        // Nothing to log.
    }

    private void Tell(ServerLink link, Exception error, bool isAttempt)
    {
        if (link.IsStopping)
        {
            return; // the client ends it: no outage
        }

        var refuses = error is RedisException { InnerException: RedisServerException { Code: "WRONGPASS" or "NOAUTH" or "NOPERM" } };
        switch (link.Counters.Down(link, time, isAttempt, refuses))
        {
            case OutageNews.Started:
                Log.OutageStarted(logger, link.Server, error.Message);
                break;
            case OutageNews.CredentialsRefused:
                Log.CredentialsRefused(logger, link.Server, error.Message);
                break;
            default:
                break; // said before
        }
    }
}
