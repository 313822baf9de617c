using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.AspNetCore.Mvc.Filters;

namespace Millrace.AspNetCore.Invalidation;

/// <summary>Razor Pages keep attributes of handler methods out of endpoint metadata; this filter adds them to the request's plan.</summary>
internal sealed class PageHandlerFilter : IAsyncPageFilter
{
    private readonly ConcurrentDictionary<MethodInfo, InvalidatesAttribute[]> _attributes = new(); // bounded by the handlers in the application

    public Task OnPageHandlerSelectionAsync(PageHandlerSelectedContext context)
    {
        if (context.HandlerMethod is { } handler && InvalidationPlan.Of(context.HttpContext) is { } plan)
        {
            var found = _attributes.GetOrAdd(handler.MethodInfo, static method => [.. method.GetCustomAttributes<InvalidatesAttribute>(inherit: true)]);
            foreach (var attribute in found)
            {
                plan.Add(attribute);
            }
        }

        return Task.CompletedTask;
    }

    public Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next) => next();
}
