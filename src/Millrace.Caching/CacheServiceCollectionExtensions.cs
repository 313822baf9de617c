using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Caching.Invalidation;
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
            .PostConfigure<IServiceProvider>((options, provider) => Configure(options, provider.GetService<IConfiguration>(), name))
            .ValidateOnStart();
    }

    /// <summary>Variables before what code says, the section before variables.</summary>
    private static void Configure(CacheOptions options, IConfiguration? configuration, string name)
    {
        if (CacheVariables.Apply(configuration, name, options) is { Count: > 0 } failures)
        {
            throw new OptionsValidationException(CacheRegistration.OptionsName(name), typeof(CacheOptions), failures);
        }

        configuration?.GetSection(CacheRegistration.SectionName(name)).Bind(options);
    }

    private static void AddShared(IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CacheOptions>, CacheOptionsValidator>());
        AddRules(services);
        services.TryAddSingleton(provider => new CacheRegistry(provider, provider.GetServices<CacheRegistration>()));
        WarmingRegistration.AddWarming(services);
    }

    /// <summary>The rules of the configuration, which are read once, however many caches there are.</summary>
    private static void AddRules(IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(IValidateOptions<DeclaredRules>)))
        {
            return;
        }

        services.AddSingleton<IValidateOptions<DeclaredRules>, DeclaredRulesValidator>();
        services.AddOptions<DeclaredRules>()
            .Configure<IServiceProvider>(static (rules, provider) =>
                RuleSection.Read(provider.GetService<IConfiguration>(), [.. provider.GetServices<CacheRegistration>().Select(cache => cache.Name)], rules))
            .ValidateOnStart();
    }
}
