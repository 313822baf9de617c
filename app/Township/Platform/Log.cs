namespace Township.Platform;

/// <summary>Everything Township logs. Event ids are stable: Platform 10000+, Accounts 10100+, Notifications 10200+.</summary>
internal static partial class Log
{
    [LoggerMessage(10000, LogLevel.Information, "Applied migration {Module} {Number:0000} ({Name})")]
    public static partial void MigrationApplied(ILogger logger, string module, int number, string name);

    [LoggerMessage(10001, LogLevel.Information, "Seeded {Name} in {ElapsedMilliseconds} ms")]
    public static partial void Seeded(ILogger logger, string name, long elapsedMilliseconds);

    [LoggerMessage(10002, LogLevel.Error, "Request {Method} {Path} failed; reference {TraceId}")]
    public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path, string traceId);
}
