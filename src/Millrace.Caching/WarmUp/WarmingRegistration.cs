using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Caching.Reading;

namespace Millrace.Caching.WarmUp;

/// <summary>The services of warming.</summary>
internal static class WarmingRegistration
{
    public static void AddWarming(IServiceCollection services) => services.TryAddSingleton(static provider => new CacheWarming(
        provider.GetRequiredService<CacheRegistry>(),
        provider.GetServices<WarmerRegistration>(),
        provider,
        provider.GetRequiredService<TimeProvider>(),
        LoggerOf(provider),
        Seed()));

    public static void AddSchedule(IServiceCollection services) => services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, WarmingSchedule>(static provider => new WarmingSchedule(
        provider.GetRequiredService<CacheWarming>(), provider.GetRequiredService<TimeProvider>(), new Jitter(Seed()), LoggerOf(provider))));

    private static ILogger LoggerOf(IServiceProvider provider) => provider.GetService<ILoggerFactory>()?.CreateLogger<CacheWarming>() ?? NullLogger<CacheWarming>.Instance;

    private static long Seed() => BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
}
