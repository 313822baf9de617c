using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Caching.Naming;
using Millrace.Caching.WarmUp;

namespace Millrace.Caching;

/// <summary>Registers caches.</summary>
public static class CacheServiceCollectionExtensions
{
    /// <summary>
    /// Registers the default cache as <see cref="Cache"/> and as <see cref="HybridCache"/>, singletons. May be called again: the calls add up.
    /// Configuration: section <c>Millrace:Cache</c>.
    /// </summary>
    /// <param name="services">The services to register in.</param>
    /// <param name="configure">Sets options; configuration has the last word.</param>
    public static CacheBuilder AddMillraceCache(this IServiceCollection services, Action<CacheOptions>? configure = null) =>
        AddMillraceCache(services, Cache.DefaultName, configure);

    /// <summary>
    /// Registers a cache of its own budget, entries and statistics under a name: <c>[FromKeyedServices("sessions")] Cache</c>, or
    /// <see cref="CacheRegistry.Get"/>. May be called again: the calls add up. Configuration: section <c>Millrace:Cache:Caches:NAME</c>.
    /// </summary>
    /// <param name="services">The services to register in.</param>
    /// <param name="name">The name: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, at most 64.</param>
    /// <param name="configure">Sets options; configuration has the last word.</param>
    /// <exception cref="ArgumentException">The name has other characters, none, or too many.</exception>
    public static CacheBuilder AddMillraceCache(this IServiceCollection services, string name, Action<CacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        CacheRegistration.CheckName(name);
        var isNew = !services.Any(service => service.ImplementationInstance is CacheRegistration other
            && string.Equals(other.Name, name, StringComparison.OrdinalIgnoreCase));
        if (isNew)
        {
            AddShared(services);
            AddCache(services, name);
        }

        var builder = new CacheBuilder(services, name);
        return configure is null ? builder : builder.Configure(configure);
    }

    private static void AddCache(IServiceCollection services, string name)
    {
        services.AddSingleton(new CacheRegistration(name));
        services.AddKeyedSingleton(name, (provider, _) => provider.GetRequiredService<CacheRegistry>().Get(name));
        services.AddKeyedSingleton<HybridCache>(name, (provider, _) => provider.GetRequiredService<CacheRegistry>().Get(name));
        if (string.Equals(name, Cache.DefaultName, StringComparison.OrdinalIgnoreCase))
        {
            services.AddSingleton(provider => provider.GetRequiredService<CacheRegistry>().Get(Cache.DefaultName));
            services.AddSingleton<HybridCache>(provider => provider.GetRequiredService<CacheRegistry>().Get(Cache.DefaultName));
        }

        services.AddOptions<CacheOptions>(CacheRegistration.OptionsName(name))
            .PostConfigure<IServiceProvider>((options, provider) =>
                provider.GetService<IConfiguration>()?.GetSection(CacheRegistration.SectionName(name)).Bind(options))
            .ValidateOnStart();
    }

    private static void AddShared(IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CacheOptions>, CacheOptionsValidator>());
        services.TryAddSingleton(provider => new CacheRegistry(provider, provider.GetServices<CacheRegistration>()));
        services.TryAddSingleton(provider => new CacheWarming(
            provider.GetRequiredService<CacheRegistry>(),
            provider.GetServices<WarmerRegistration>(),
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<ILoggerFactory>()?.CreateLogger<CacheWarming>() ?? NullLogger<CacheWarming>.Instance));
    }
}
