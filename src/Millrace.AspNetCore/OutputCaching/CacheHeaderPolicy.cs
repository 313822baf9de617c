using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;

namespace Millrace.AspNetCore.OutputCaching;

/// <summary>Says in <c>X-Cache</c> whether a response came from the output cache: <c>hit</c>, <c>miss</c>, or <c>bypass</c> where policies kept it out.</summary>
/// <remarks>Added when the response starts and not before, or the word "miss" would be stored with the page.</remarks>
internal sealed class CacheHeaderPolicy : IOutputCachePolicy
{
    public const string HeaderName = "X-Cache";

    private static readonly object HitKey = new();

    public ValueTask CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        context.HttpContext.Response.OnStarting(Announce, context);
        return ValueTask.CompletedTask;
    }

    public ValueTask ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        context.HttpContext.Items[HitKey] = true;
        return ValueTask.CompletedTask;
    }

    public ValueTask ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;

    private static Task Announce(object state)
    {
        var context = (OutputCacheContext)state;
        if (context.EnableOutputCaching)
        {
            var http = context.HttpContext;
            http.Response.Headers[HeaderName] = http.Items.ContainsKey(HitKey) ? "hit" : context.AllowCacheLookup ? "miss" : "bypass";
        }

        return Task.CompletedTask;
    }
}
