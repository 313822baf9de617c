using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Caching;
using Millrace.Jobs;
using Millrace.Realtime;

namespace Millrace.AspNetCore;

/// <summary>Adds all of Millrace to an application in one line.</summary>
public static class MillraceHostExtensions
{
    /// <summary>
    /// Adds the cache, the job engine, the channels and their hub, output caching on our store, <see cref="InvalidatesAttribute"/>, the management
    /// API, health checks and the dashboard. <c>app.MapMillrace()</c> maps what has an address.
    /// </summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="configure">Declares handlers, queues, schedules, channels, rules and options; null for none.</param>
    /// <returns>The same builder that <paramref name="configure"/> gets. Calling again adds to the same parts.</returns>
    /// <remarks>
    /// Configuration, validated when the host starts, with the last word over code: sections <c>Millrace</c> (<see cref="MillraceOptions"/>),
    /// <c>Millrace:Cache</c>, <c>Millrace:Jobs</c>, <c>Millrace:Realtime</c> and <c>Millrace:Hub</c>.
    /// </remarks>
    public static MillraceBuilder AddMillrace(this IHostApplicationBuilder builder, Action<MillraceBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        var millrace = new MillraceBuilder(services, services.AddMillraceCache(), services.AddMillraceJobs(), services.AddMillraceRealtime().AddMillraceHub());
        if (!services.Any(static service => service.ServiceType == typeof(Added)))
        {
            services.AddSingleton<Added>();
            services.AddMillraceManagement().AddMillraceOutputCache().AddMillraceInvalidation();
            services.AddHealthChecks().AddMillrace();
            Bind<JobsOptions>(services, "Jobs");
            Bind<RealtimeOptions>(services, "Realtime");
            Bind<ChannelHubOptions>(services, "Hub");
        }

        configure?.Invoke(millrace);
        return millrace;
    }

    private static void Bind<TOptions>(IServiceCollection services, string section)
        where TOptions : class =>
        services.AddOptions<TOptions>().PostConfigure<IConfiguration>((options, configuration) =>
            configuration.GetSection($"{MillraceOptions.SectionName}:{section}").Bind(options));

    /// <summary>Marks services to which everything was added once.</summary>
    private sealed class Added;
}
