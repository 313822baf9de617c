using Microsoft.Extensions.Logging;

namespace Millrace.Realtime.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Debug, "Connection {ConnectionId} may not {Operation} channel '{Channel}'.")]
    public static partial void Refused(this ILogger logger, string connectionId, ChannelOperation operation, string channel);

    [LoggerMessage(3002, LogLevel.Error, "The rule of pattern '{Pattern}' failed for channel '{Channel}'; connection {ConnectionId} was refused.")]
    public static partial void RuleFailed(this ILogger logger, Exception exception, string pattern, string channel, string connectionId);

    [LoggerMessage(3003, LogLevel.Warning, "Connection {ConnectionId} is closed ({Cause}): {Reason}")]
    public static partial void Closed(this ILogger logger, string connectionId, string cause, string reason);

    [LoggerMessage(3004, LogLevel.Error, "An in-process handler failed for a publication on channel '{Channel}'; the subscription goes on.")]
    public static partial void HandlerFailed(this ILogger logger, Exception exception, string channel);

    [LoggerMessage(3005, LogLevel.Debug, "Writing to connection {ConnectionId} failed.")]
    public static partial void WriteFailed(this ILogger logger, Exception exception, string connectionId);
}
