using Microsoft.Extensions.Logging;

namespace Millrace.PostgreSql;

internal static partial class Log
{
    [LoggerMessage(7001, LogLevel.Warning,
        "Jobs: the notifications of {Channel} cannot be heard. Until they can, workers look for what other processes enqueue, at most a second later.")]
    public static partial void CannotListen(ILogger logger, string channel, Exception error);

    [LoggerMessage(7002, LogLevel.Information, "Jobs: the notifications of {Channel} are heard again.")]
    public static partial void ListensAgain(ILogger logger, string channel);
}
