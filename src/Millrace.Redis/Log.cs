using Microsoft.Extensions.Logging;

namespace Millrace.Redis;

/// <summary>Everything this package logs; the event ids are stable. Reasons are messages, which never hold secrets.</summary>
internal static partial class Log
{
    [LoggerMessage(6001, LogLevel.Warning,
        "The Redis server {Server} is not available; its commands wait for it until their time-out. Said once per outage. {Reason}")]
    public static partial void OutageStarted(ILogger logger, string server, string reason);

    [LoggerMessage(6002, LogLevel.Information, "The Redis server {Server} is available again, after {Duration} and {Attempts} attempts to connect that failed.")]
    public static partial void OutageEnded(ILogger logger, string server, TimeSpan duration, int attempts);

    [LoggerMessage(6003, LogLevel.Error,
        "The Redis server {Server} refuses the credentials; the client tries again. Said once per outage. {Reason}")]
    public static partial void CredentialsRefused(ILogger logger, string server, string reason);

    [LoggerMessage(6010, LogLevel.Error,
        "An invalidation handler threw; it is told that what was read from {Server} cannot be trusted. Said at the 1st, 2nd, 4th, 8th… time: this is the {Number}.")]
    public static partial void InvalidationHandlerThrew(ILogger logger, string server, long number, Exception error);

    [LoggerMessage(6004, LogLevel.Debug, "Connected to the Redis server {Server}, version {Version}, with RESP{Protocol}.")]
    public static partial void Connected(ILogger logger, string server, string version, int protocol);
}
