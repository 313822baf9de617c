using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.Health;
using Millrace.AspNetCore.Hosting;
using Millrace.AspNetCore.Invalidation;
using Millrace.AspNetCore.Metrics;
using Millrace.AspNetCore.OutputCaching;
using Millrace.AspNetCore.Overviews;
using Millrace.Caching;
using Millrace.Jobs;
using Millrace.Realtime;

namespace Millrace.AspNetCore;

/// <summary>Adds the parts of Millrace's web package one by one; <c>AddMillrace</c> adds them all.</summary>
public static class MillraceServiceCollectionExtensions
{
    /// <summary>Adds what the management API and the dashboard need; <c>MapMillraceManagement</c> maps the API.</summary>
    public static IServiceCollection AddMillraceManagement(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        AddOptions(services);
        services.AddMillraceCache();
        services.AddMillraceJobs();
        services.AddMillraceRealtime();
        services.AddAuthorization();
        services.AddHealthChecks();
        services.TryAddSingleton<MappedParts>();
        services.TryAddSingleton(static provider => HistoryOf(provider.GetRequiredService<IOptions<MillraceOptions>>().Value, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<OverviewSource>();
        services.TryAddSingleton<LiveStreams>();
        services.TryAddSingleton<MetricsPage>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, AccessNotice>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, Sampler>());
        return services;
    }

    /// <summary>
    /// Adds ASP.NET Core's output caching on a cache of ours named <c>output</c>. A tag that is invalidated in the default cache goes here too.
    /// The application decides what is cached, as always: <c>app.UseOutputCache()</c>, <c>CacheOutput()</c>, <c>[OutputCache]</c>.
    /// </summary>
    public static IServiceCollection AddMillraceOutputCache(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        AddOptions(services);
        services.AddMillraceCache();
        services.AddMillraceCache(OutputCacheStore.CacheName, static cache => cache.Immutable<OutputPage>(static page => page.Weight));
        services.AddOptions<CacheOptions>(OutputCacheStore.CacheName).Configure<IOptions<MillraceOptions>, IConfiguration>(static (cache, options, configuration) =>
        {
            cache.Enabled = ApiCacheVariable.Read(configuration, cache.Enabled);
            cache.SizeLimitBytes = options.Value.OutputCacheSizeBytes;
            cache.MaximumPayloadBytes = options.Value.OutputCacheMaximumBodyBytes;
        });
        services.AddHttpContextAccessor();
        services.AddOutputCache();
        services.RemoveAll<IOutputCacheStore>();
        services.AddSingleton<IOutputCacheStore, OutputCacheStore>();
        services.AddOptions<OutputCacheOptions>().Configure<IOptions<MillraceOptions>, IHostEnvironment>(static (output, options, environment) =>
        {
            output.MaximumBodySize = options.Value.OutputCacheMaximumBodyBytes;
            if (options.Value.CacheHeader ?? environment.IsDevelopment())
            {
                output.AddBasePolicy(new CacheHeaderPolicy());
            }
        });
        return services;
    }

    /// <summary>Makes <see cref="InvalidatesAttribute"/> and <c>.Invalidates(…)</c> work, and checks them at start.</summary>
    public static IServiceCollection AddMillraceInvalidation(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMillraceCache();
        services.TryAddSingleton<Invalidator>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, InvalidationStartup>());
        if (!services.Any(static service => service.ServiceType == typeof(PageHandlerFilter)))
        {
            services.AddSingleton<PageHandlerFilter>();
            services.AddOptions<MvcOptions>().Configure<PageHandlerFilter>(static (mvc, filter) => mvc.Filters.Add(filter));
        }

        return services;
    }

    /// <summary>Adds checks of the caches, the job store, the workers with their schedules, and the channels; all tagged <c>ready</c>.</summary>
    public static IHealthChecksBuilder AddMillrace(this IHealthChecksBuilder checks)
    {
        ArgumentNullException.ThrowIfNull(checks);
        AddOptions(checks.Services);
        return checks
            .AddCheck<CacheHealthCheck>("millrace-cache", HealthStatus.Unhealthy, [HealthTags.Ready])
            .AddCheck<JobStoreHealthCheck>("millrace-job-store", HealthStatus.Unhealthy, [HealthTags.Ready])
            .AddCheck<WorkerHealthCheck>("millrace-workers", HealthStatus.Degraded, [HealthTags.Ready])
            .AddCheck<ChannelHealthCheck>("millrace-channels", HealthStatus.Degraded, [HealthTags.Ready]);
    }

    private static void AddOptions(IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        if (services.Any(static service => service.ImplementationType == typeof(MillraceOptionsValidation)))
        {
            return;
        }

        services.AddSingleton<IValidateOptions<MillraceOptions>, MillraceOptionsValidation>();
        services.AddOptions<MillraceOptions>()
            .PostConfigure<IConfiguration>(static (options, configuration) => configuration.GetSection(MillraceOptions.SectionName).Bind(options))
            .ValidateOnStart();
    }

    private static History HistoryOf(MillraceOptions options, TimeProvider clock) =>
        new((int)Math.Ceiling(options.HistoryLength / options.HistoryInterval), clock.GetUtcNow());
}
