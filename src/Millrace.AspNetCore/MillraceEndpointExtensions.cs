using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.Access;
using Millrace.AspNetCore.Health;
using Millrace.AspNetCore.Hosting;
using Millrace.AspNetCore.Management;
using Millrace.AspNetCore.Overviews;
using Millrace.Dashboard;

namespace Millrace.AspNetCore;

/// <summary>Maps what has an address: management API, dashboard, hub and health.</summary>
public static class MillraceEndpointExtensions
{
    /// <summary>Maps everything that <see cref="MillraceOptions"/> does not switch off.</summary>
    /// <param name="endpoints">The application, or a route group.</param>
    /// <returns>A builder over all of it: CORS, rate limits, further authorization. Health stays anonymous, and says no more than its status.</returns>
    /// <remarks>
    /// The management API and the dashboard are closed until policies open them (<see cref="MillraceOptions.ReadPolicy"/>,
    /// <see cref="MillraceOptions.OperatePolicy"/>), but for callers on this machine in Development. Authorization that is put on the returned
    /// builder or on a group around it opens them too, alike for reading and operating.
    /// </remarks>
    /// <exception cref="InvalidOperationException"><c>AddMillrace</c> was not called.</exception>
    public static IEndpointConventionBuilder MapMillrace(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var options = OptionsOf(endpoints);
        List<IEndpointConventionBuilder> parts = [];
        if (options.MapManagement)
        {
            parts.Add(endpoints.MapMillraceManagement());
        }

        if (options.MapDashboard)
        {
            parts.Add(endpoints.MapMillraceDashboard(options.DashboardPath, options.ManagementPath).Guard(options, AccessLevel.Read));
        }

        if (options.MapHub)
        {
            parts.Add(endpoints.MapMillraceHub(options.HubPath));
        }

        if (options.MapHealth)
        {
            parts.Add(endpoints.MapMillraceHealth());
        }

        return new Conventions([.. parts]);
    }

    /// <summary>Maps the management API at <see cref="MillraceOptions.ManagementPath"/>, guarded as <see cref="MapMillrace"/> says.</summary>
    /// <inheritdoc cref="MapMillrace" path="/exception" />
    public static IEndpointConventionBuilder MapMillraceManagement(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var options = OptionsOf(endpoints);
        endpoints.ServiceProvider.GetRequiredService<MappedParts>().Management = true;
        var api = endpoints.MapGroup(options.ManagementPath);
        CacheEndpoints.Map(api, options);
        JobEndpoints.Map(api, options);
        QueueEndpoints.Map(api, options);
        ChannelEndpoints.Map(api, options);
        OverviewEndpoints.Map(api, options);
        return api;
    }

    /// <summary>
    /// Maps <c>live</c> (the process answers) and <c>ready</c> (checks tagged <c>ready</c> pass) below <see cref="MillraceOptions.HealthPath"/>,
    /// anonymously. Which checks there are, and what they say, only callers on this machine see, and only in Development.
    /// </summary>
    /// <inheritdoc cref="MapMillrace" path="/exception" />
    public static IEndpointConventionBuilder MapMillraceHealth(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var path = OptionsOf(endpoints).HealthPath;
        return new Conventions(
        [
            endpoints.MapHealthChecks($"{path}/live", new HealthCheckOptions { Predicate = static _ => false, ResponseWriter = HealthAnswer.WriteAsync }).AllowAnonymous(),
            endpoints.MapHealthChecks($"{path}/ready", new HealthCheckOptions { Predicate = HealthTags.IsReady, ResponseWriter = HealthAnswer.WriteAsync }).AllowAnonymous(),
        ]);
    }

    private static MillraceOptions OptionsOf(IEndpointRouteBuilder endpoints) =>
        endpoints.ServiceProvider.GetService<MappedParts>() is null
            ? throw new InvalidOperationException("Millrace's services are missing: call builder.AddMillrace() before the application is built.")
            : endpoints.ServiceProvider.GetRequiredService<IOptions<MillraceOptions>>().Value;
}
