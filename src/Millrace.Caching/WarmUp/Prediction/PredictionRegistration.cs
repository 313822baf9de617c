using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Caching.Naming;

namespace Millrace.Caching.WarmUp.Prediction;

/// <summary>The services of predictive warming.</summary>
internal static class PredictionRegistration
{
    public static void Add(IServiceCollection services, string cacheName, CachePredictionPlan plan)
    {
        var key = CacheRegistration.OptionsName(cacheName);
        if (services.Any(service => service.IsKeyedService && service.ServiceType == typeof(PredictiveWarmer) && Equals(service.ServiceKey, key)))
        {
            throw new InvalidOperationException($"Predictive warming of cache '{cacheName}' is set up twice. Set it up once, with all patterns.");
        }

        services.AddKeyedSingleton(key, (provider, _) => new PredictiveWarmer(
            cacheName,
            plan,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<ILoggerFactory>()?.CreateLogger<CacheWarming>() ?? NullLogger<CacheWarming>.Instance));
        services.AddSingleton(provider => provider.GetRequiredKeyedService<PredictiveWarmer>(key));
        services.AddSingleton(provider => Warmer(key.Length == 0 ? "predicted" : $"predicted.{key}", cacheName, plan, provider.GetRequiredKeyedService<PredictiveWarmer>(key)));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, LearningHours>(static provider => new LearningHours(
            provider.GetServices<PredictiveWarmer>(), provider.GetRequiredService<TimeProvider>())));
        WarmingRegistration.AddSchedule(services);
    }

    /// <summary>What hears the reads of a cache; null where nothing is learned from them.</summary>
    public static AccessRecorder? RecorderOf(IServiceProvider services, string cacheName) =>
        services.GetKeyedService<PredictiveWarmer>(CacheRegistration.OptionsName(cacheName))?.Recorder;

    private static WarmerRegistration Warmer(string name, string cacheName, CachePredictionPlan plan, PredictiveWarmer warmer) => new(name, cacheName)
    {
        Find = (_, token) => warmer.FindAsync(token),
        Load = warmer.LoadAsync,
        Configure = warming =>
        {
            plan.Warming?.Invoke(warming);
            warming.EntryBudget = plan.KeysPerHour;
            warming.CandidateLimit = Math.Max(warming.CandidateLimit, plan.KeysPerHour);
            (warming.Interval, warming.DailyAt, warming.BeforeHour) = (null, null, plan.LeadTime);
        },
    };
}
