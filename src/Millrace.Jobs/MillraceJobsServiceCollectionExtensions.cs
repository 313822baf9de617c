using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Executing;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Payloads;
using Millrace.Jobs.Stores.Memory;
using Millrace.Jobs.Working;

namespace Millrace.Jobs;

/// <summary>Adds the job engine to an application.</summary>
public static class MillraceJobsServiceCollectionExtensions
{
    /// <summary>Adds the job engine: <see cref="JobClient"/>, and the workers of this process as a hosted service. Jobs live in memory until a
    /// store package says otherwise. Calling it again adds to the same engine.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Settings; null for the defaults. Validated when the host starts.</param>
    public static JobsBuilder AddMillraceJobs(this IServiceCollection services, Action<JobsOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<JobsOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<JobsOptions>, JobsOptionsValidator>());
        services.TryAddSingleton<JobStore>(static provider => new MemoryJobStore(provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<JobRegistry>();
        services.TryAddSingleton<QueueTable>();
        services.TryAddSingleton<PayloadCoding>();
        services.TryAddSingleton<JobFactory>();
        services.TryAddSingleton(static _ => new Jitter());
        services.TryAddSingleton<JobMetrics>();
        services.TryAddSingleton<JobNotifications>();
        services.TryAddSingleton<RunningJobs>();
        services.TryAddSingleton<JobExecutor>();
        services.TryAddSingleton<JobWorker>();
        services.TryAddSingleton(static provider => new JobClient(
            provider.GetRequiredService<JobStore>(),
            provider.GetRequiredService<JobFactory>(),
            provider.GetRequiredService<IOptions<JobsOptions>>(),
            provider.GetRequiredService<QueueTable>(),
            provider.GetRequiredService<RunningJobs>(),
            provider.GetRequiredService<JobNotifications>(),
            provider.GetRequiredService<JobMetrics>(),
            provider.GetRequiredService<PayloadCoding>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<IEnqueueListener>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, JobsService>());
        return new JobsBuilder(services);
    }
}
