using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Millrace.AspNetCore;

/// <summary>Everything this package logs. Event ids 4000 to 4999; an id never changes its meaning.</summary>
internal static partial class Log
{
    private const string Category = "Millrace.AspNetCore";

    public static ILogger Logger(this HttpContext context) => context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(Category);

    public static ILogger MillraceLogger(this ILoggerFactory factory) => factory.CreateLogger(Category);

    [LoggerMessage(4000, LogLevel.Information,
        "The management API and the dashboard are closed. To open them set Millrace:ReadPolicy and Millrace:OperatePolicy to names of authorization policies; without them only callers on this machine get in, and only in the Development environment.")]
    public static partial void Closed(ILogger logger);

    [LoggerMessage(4001, LogLevel.Information,
        "Development: the management API at {ManagementPath} and the dashboard at {DashboardPath} are open to callers on this machine.")]
    public static partial void OpenLocally(ILogger logger, string managementPath, string dashboardPath);

    [LoggerMessage(4002, LogLevel.Information, "Operation {Operation} on {Target} by {User} from {Address}: {Outcome}")]
    public static partial void Operated(ILogger logger, string operation, string target, string user, string address, string outcome);

    [LoggerMessage(4003, LogLevel.Warning, "Refused a cross-site request to {Path}: {Reason}")]
    public static partial void CrossSiteRefused(ILogger logger, PathString path, string reason);

    [LoggerMessage(4004, LogLevel.Error, "Management request {Method} {Path} failed")]
    public static partial void RequestFailed(ILogger logger, Exception exception, string method, PathString path);

    [LoggerMessage(4010, LogLevel.Error,
        "{Endpoint}: [Invalidates] '{Template}' needs the route value '{Name}', which this request does not have; nothing was invalidated for it")]
    public static partial void RouteValueMissing(ILogger logger, string? endpoint, string template, string name);

    [LoggerMessage(4011, LogLevel.Error, "{Endpoint}: the invalidation after a successful write failed; readers may see old values until they expire")]
    public static partial void InvalidationFailed(ILogger logger, Exception exception, string? endpoint);

    [LoggerMessage(4020, LogLevel.Warning, "The history has gaps from now on: {Part} could not be read")]
    public static partial void SamplingFailed(ILogger logger, Exception exception, string part);

    [LoggerMessage(4021, LogLevel.Information, "The history is complete again: {Part} can be read")]
    public static partial void SamplingRecovered(ILogger logger, string part);
}
