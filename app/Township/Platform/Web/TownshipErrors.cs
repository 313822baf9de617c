using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace Township.Platform.Web;

/// <summary>
/// What a client sees when something goes wrong: problem details under <c>/api</c> and <c>/millrace</c>, else the error page.
/// The cause is logged under the reference that the answer names; no environment sends it out.
/// </summary>
internal static class TownshipErrors
{
    public static void UseTownshipErrors(this WebApplication app)
    {
        app.Use(next => context => HandleAsync(context, next));
    }

    public static bool IsApi(HttpRequest request) =>
        request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        || request.Path.StartsWithSegments("/millrace/hub", StringComparison.OrdinalIgnoreCase);

    private static async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone: nobody reads an answer.
            return;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            context.Response.StatusCode = exception is BadHttpRequestException bad ? bad.StatusCode : 500;
            if (context.Response.StatusCode >= 500)
            {
                Log.RequestFailed(Logger(context), exception, context.Request.Method, context.Request.Path, Reference(context));
            }
        }

        var response = context.Response;
        if (response.HasStarted
            || response.StatusCode < 400
            || response.ContentLength is not null
            || response.ContentType is { Length: > 0 }
            || context.Features.Get<IStatusCodePagesFeature>() is { Enabled: false })
        {
            return;
        }

        if (IsApi(context.Request))
        {
            await WriteProblemAsync(context);
        }
        else
        {
            await WritePageAsync(context, next);
        }
    }

    private static async Task WriteProblemAsync(HttpContext context)
    {
        var problem = new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails = { Status = context.Response.StatusCode, Detail = Detail(context.Response.StatusCode) },
        };
        problem.ProblemDetails.Extensions["reference"] = Reference(context);
        if (!await context.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(problem))
        {
            await Results.Problem(problem.ProblemDetails).ExecuteAsync(context); // whatever the client said it accepts
        }
    }

    // The page is an ordinary one at /error/{status}; the request runs again with that path.
    private static async Task WritePageAsync(HttpContext context, RequestDelegate next)
    {
        var (path, query, method, status) =
            (context.Request.Path, context.Request.QueryString, context.Request.Method, context.Response.StatusCode);
        context.SetEndpoint(null);
        context.Features.Get<IRouteValuesFeature>()?.RouteValues.Clear();
        context.Request.Path = $"/error/{status}";
        context.Request.QueryString = QueryString.Empty;
        context.Request.Method = HttpMethods.Get;
        try
        {
            await next(context);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            Log.RequestFailed(Logger(context), exception, method, path, Reference(context));
            context.Response.Clear();
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync(Detail(status));
        }
        finally
        {
            (context.Request.Path, context.Request.QueryString, context.Request.Method) = (path, query, method);
        }
    }

    public static string Reference(HttpContext context) => Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;

    public static string Detail(int status) => status switch
    {
        400 => "The request could not be understood.",
        401 => "Sign in, or send a bearer token.",
        403 => "You may not do this.",
        404 => "There is nothing at this address.",
        405 => "This address does not take that method.",
        409 => "This conflicts with what is already there.",
        413 => "That is more than this address takes.",
        415 => "This address does not take that content type.",
        429 => "Too many attempts. Wait a minute and try again.",
        >= 500 => "Something went wrong on our side. It has been logged under the reference.",
        _ => "The request was refused.",
    };

    private static ILogger Logger(HttpContext context) =>
        context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Township.Errors");
}
