using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Redis.Configuration;
using Millrace.Redis.Hosting;

namespace Millrace.Redis;

/// <summary>
/// Registers Redis clients. A client is a singleton that can be asked for directly; it is connected before other hosted services start, and
/// without a host with its first command. The host does not start where no server can be reached, unless
/// <see cref="RedisOptions.AbortOnConnectFailure"/> is false.
/// </summary>
public static class RedisServiceCollectionExtensions
{
    private const string Section = "Millrace:Redis";
    private const string UrlVariable = "REDIS_URL";
    private const int MaximumNameLength = 64;

    /// <summary>
    /// Registers the default client as <see cref="RedisClient"/>. May be called again: the calls add up. Configuration: section
    /// <c>Millrace:Redis</c>; where neither that nor <paramref name="configure"/> names a server, the environment variable <c>REDIS_URL</c>
    /// is the connection string.
    /// </summary>
    /// <param name="services">The services to register in.</param>
    /// <param name="configure">Sets options; configuration has the last word. Null: it sets none.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddMillraceRedis(this IServiceCollection services, Action<RedisOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return Add(services, Options.DefaultName, configure);
    }

    /// <summary>Registers the default client as <see cref="RedisClient"/>, with a connection string.</summary>
    /// <param name="services">The services to register in.</param>
    /// <param name="connectionString">As for <see cref="RedisOptions.Parse"/>; read when the host starts.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddMillraceRedis(this IServiceCollection services, string connectionString)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        return Add(services, Options.DefaultName, options => options.ConnectionString = connectionString);
    }

    /// <summary>
    /// Registers another client under a name: <c>[FromKeyedServices("sessions")] RedisClient</c>. May be called again: the calls add up.
    /// Configuration: section <c>Millrace:Redis:Clients:NAME</c>.
    /// </summary>
    /// <param name="services">The services to register in.</param>
    /// <param name="name">The name: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, at most 64; whatever their case in configuration.</param>
    /// <param name="configure">Sets options; configuration has the last word. Null: it sets none.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentException">The name has other characters, none, or too many.</exception>
    public static IServiceCollection AddMillraceRedis(this IServiceCollection services, string name, Action<RedisOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > MaximumNameLength || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new ArgumentException($"A client's name has letters, digits, '-', '_' and '.', from 1 to {MaximumNameLength} of them.", nameof(name));
        }

        return Add(services, name, configure);
    }

    private static IServiceCollection Add(IServiceCollection services, string name, Action<RedisOptions>? configure)
    {
        if (!services.Any(service => service.ImplementationInstance is RedisClientRegistration other && other.Name == name))
        {
            services.AddSingleton(new RedisClientRegistration(name));
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RedisOptions>, RedisOptionsValidator>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RedisClientStarter>());
            services.AddOptions<RedisOptions>(name)
                .PostConfigure<IServiceProvider>((options, provider) => Bind(options, provider.GetService<IConfiguration>(), name))
                .ValidateOnStart();
            if (name.Length == 0)
            {
                services.AddSingleton(provider => Create(provider, name));
            }
            else
            {
                services.AddKeyedSingleton(name, (provider, _) => Create(provider, name));
            }
        }

        if (configure is not null)
        {
            services.Configure(name, configure);
        }

        return services;
    }

    private static RedisClient Create(IServiceProvider provider, string name) => RedisClient.Create(
        provider.GetRequiredService<IOptionsMonitor<RedisOptions>>().Get(name),
        new RedisClientServices
        {
            LoggerFactory = provider.GetService<ILoggerFactory>(),
            MeterFactory = provider.GetService<IMeterFactory>(),
            TimeProvider = provider.GetService<TimeProvider>(),
        });

    [DynamicDependency(DynamicallyAccessedMemberTypes.All, typeof(RedisOptions))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.All, typeof(RedisTlsOptions))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.All, typeof(RedisTrackingOptions))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.All, typeof(RedisEndpointConverter))]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "The types that are bound are kept by the attributes above.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Their lists are made by the options themselves: nothing generic is made at run time.")]
    private static void Bind(RedisOptions options, IConfiguration? configuration, string name)
    {
        configuration?.GetSection(name.Length == 0 ? Section : $"{Section}:Clients:{name}").Bind(options);
        if (name.Length == 0 && string.IsNullOrWhiteSpace(options.ConnectionString) && options.Endpoints.Count == 0
            && (configuration?[UrlVariable] ?? Environment.GetEnvironmentVariable(UrlVariable)) is { Length: > 0 } url)
        {
            options.ConnectionString = url;
        }
    }
}
