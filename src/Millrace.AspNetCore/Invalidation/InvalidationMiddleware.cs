using Microsoft.AspNetCore.Http;

namespace Millrace.AspNetCore.Invalidation;

/// <summary>
/// Runs what <see cref="InvalidatesAttribute"/> asks for. It stands outside every other middleware, so it sees the final status,
/// whatever handled an exception on the way.
/// </summary>
/// <remarks>
/// 1. A request that can write gets a plan and a callback for the moment its response starts.
/// 2. That callback invalidates before the first byte leaves, so the client's next read is fresh.
/// 3. When the pipeline has ended: if the response had not started, invalidate now; if it had, the endpoint may have gone on writing to its
///    database while it streamed, so invalidate once more. Invalidating twice is harmless, once too early is not.
/// </remarks>
internal sealed class InvalidationMiddleware(RequestDelegate next, Invalidator invalidator)
{
    private readonly Func<object, Task> _onStarting = state => OnStartingAsync((HttpContext)state, invalidator);

    public Task InvokeAsync(HttpContext context) => CanWrite(context.Request.Method) ? InvokeWriteAsync(context) : next(context);

    internal static bool CanWrite(string method) =>
        HttpMethods.IsPost(method) || HttpMethods.IsPut(method) || HttpMethods.IsPatch(method) || HttpMethods.IsDelete(method);

    private async Task InvokeWriteAsync(HttpContext context)
    {
        // 1. plan
        var plan = InvalidationPlan.Start(context);
        context.Response.OnStarting(_onStarting, context);
        await next(context).ConfigureAwait(false);

        // 3. after the end; when next threw, nothing succeeded and nothing is invalidated
        if (!context.Response.HasStarted || plan.RanBeforeTheEnd)
        {
            plan.RanBeforeTheEnd = false;
            await invalidator.RunAsync(context, plan).ConfigureAwait(false);
            plan.Done = true;
        }
    }

    private static async Task OnStartingAsync(HttpContext context, Invalidator invalidator)
    {
        // 2. before the first byte
        if (InvalidationPlan.Of(context) is { Done: false } plan && await invalidator.RunAsync(context, plan).ConfigureAwait(false))
        {
            plan.RanBeforeTheEnd = true;
        }
    }
}
