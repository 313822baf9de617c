using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.Access;
using Millrace.AspNetCore.Answers;

namespace Millrace.AspNetCore.Management;

/// <summary>How every endpoint of the management API is made: guarded, never cached, answering in problem details, and audited when it changes something.</summary>
internal static class Endpoint
{
    public static RouteHandlerBuilder Read(this IEndpointRouteBuilder endpoints, MillraceOptions options, string pattern, string summary, Delegate handler) =>
        Finish(endpoints.MapGet(pattern, handler), options, AccessLevel.Read, summary);

    public static RouteHandlerBuilder Operate(this IEndpointRouteBuilder endpoints, MillraceOptions options, string method, string pattern, string summary, Delegate handler) =>
        Finish(endpoints.MapMethods(pattern, [method], handler), options, AccessLevel.Operate, summary);

    /// <summary>A token for one read of a store: the client's patience and the configured timeout, whichever ends first.</summary>
    public static CancellationTokenSource QueryToken(HttpContext context)
    {
        var options = context.RequestServices.GetRequiredService<IOptions<MillraceOptions>>().Value;
        var clock = context.RequestServices.GetRequiredService<TimeProvider>();
        return new QueryCancellation(options.QueryTimeout, clock, context.RequestAborted);
    }

    /// <summary>Logs who did what, and answers with it.</summary>
    public static IResult Done(HttpContext context, string operation, string target, string outcome, int status = StatusCodes.Status200OK)
    {
        Audit(context, operation, target, outcome);
        return Results.Json(new Operated(operation, target, outcome), ManagementJson.Default.Operated, contentType: null, status);
    }

    /// <summary>Logs who tried what in vain, and answers why.</summary>
    public static IResult Refused(HttpContext context, string operation, string target, IResult answer, string outcome)
    {
        Audit(context, operation, target, outcome);
        return answer;
    }

    public static void Audit(HttpContext context, string operation, string target, string outcome) => Log.Operated(
        context.Logger(),
        operation,
        PlainText.Of(target, 300),
        Caller.Name(context),
        context.Connection.RemoteIpAddress?.ToString() ?? "unknown",
        outcome);

    private static RouteHandlerBuilder Finish(RouteHandlerBuilder builder, MillraceOptions options, AccessLevel level, string summary)
    {
        builder.WithSummary(summary).WithTags("Millrace")
            .ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden);

        // Conventions that wrap run in order, so the gate, added last, stands outside.
        builder.Add(endpoint =>
        {
            if (endpoint.RequestDelegate is { } next)
            {
                endpoint.RequestDelegate = context => ShieldAsync(context, next);
            }
        });
        return builder.Guard(options, level);
    }

    private static async Task ShieldAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // nobody is there to answer
        }
        catch (Exception fault) when (!context.Response.HasStarted)
        {
            Log.RequestFailed(context.Logger(), fault, context.Request.Method, context.Request.Path);
            context.Response.Clear();
            await (fault is OperationCanceledException
                ? Problems.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "No answer in time", "A store did not answer within Millrace:QueryTimeout. Try again; if it stays so, look at /health/ready.")
                : Problems.WriteAsync(context, StatusCodes.Status500InternalServerError, "Failed", "The request failed; the log of the application says why.")).ConfigureAwait(false);
        }
    }

    private sealed class QueryCancellation : CancellationTokenSource
    {
        private readonly CancellationTokenRegistration _aborted;

        public QueryCancellation(TimeSpan timeout, TimeProvider clock, CancellationToken aborted)
            : base(timeout, clock) => _aborted = aborted.Register(static state => ((CancellationTokenSource)state!).Cancel(), this);

        protected override void Dispose(bool disposing)
        {
            _aborted.Dispose();
            base.Dispose(disposing);
        }
    }
}
