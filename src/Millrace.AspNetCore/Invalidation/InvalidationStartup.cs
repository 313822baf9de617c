using Millrace.Caching;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.AspNetCore.Invalidation;

/// <summary>Puts the middleware outside the application's own, and checks every endpoint's templates once the pipeline is built.</summary>
internal sealed class InvalidationStartup : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseMiddleware<InvalidationMiddleware>();
        next(app);
        var services = app.ApplicationServices;
        if (services.GetService<EndpointDataSource>() is { } endpoints)
        {
            TemplateValidation.Check(endpoints.Endpoints, services.GetRequiredService<CacheRegistry>());
        }
    };
}
