using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Executing;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Payloads;
using Millrace.Jobs.Scheduling;
using Millrace.Jobs.Stores.Memory;
using Millrace.Jobs.Working;

namespace Millrace.Jobs.Testing;

/// <summary>Puts the jobs of an application into the hands of a test.</summary>
public static class MillraceJobsTestingServiceCollectionExtensions
{
    /// <summary>Keeps jobs in memory, whatever store was chosen, and runs none by itself: neither workers nor schedules start. A <see cref="JobTester"/> is registered,
    /// which looks at what was enqueued and runs it. Delays are not left to chance: each retry has its policy's longest delay.</summary>
    /// <remarks>Call it after everything else that registers jobs: in a WebApplicationFactory in ConfigureTestServices, which runs after the application's own
    /// registrations. Observers are told of changes in a host that was started.</remarks>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Inline or not, and which clock; null for the defaults.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddMillraceJobsTesting(this IServiceCollection services, Action<JobTestingOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var testing = new JobTestingOptions();
        configure?.Invoke(testing);
        if (testing.Clock is { } clock)
        {
            services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock));
            services.Replace(ServiceDescriptor.Singleton(clock));
        }

        services.TryAddSingleton(typeof(ILogger<>), typeof(NullLogger<>)); // for plain services without logging
        services.AddMillraceJobs().UseMemory();
        services.PostConfigure<JobsOptions>(static options => (options.RunWorkers, options.RunSchedules) = (false, false));
        services.Replace(ServiceDescriptor.Singleton<Jitter>(new NoJitter()));
        services.Replace(ServiceDescriptor.Singleton(static provider => ServedQueues(provider)));
        services.TryAddSingleton(static provider => Runner(provider));
        services.Replace(ServiceDescriptor.Singleton(provider => new EnqueueLog(
            testing.Inline,
            provider.GetRequiredService<QueueTable>(),
            provider.GetRequiredService<TestRunner>(),
            provider.GetRequiredService<PayloadCoding>(),
            provider.GetRequiredService<TimeProvider>())));
        services.Replace(ServiceDescriptor.Singleton<IEnqueueListener>(static provider => provider.GetRequiredService<EnqueueLog>()));
        services.TryAddSingleton<TestSchedules>();
        services.TryAddSingleton(static provider => new JobTester(provider));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, JobTesterStart>());
        return services;
    }

    /// <summary>What the application's workers would serve, though none run.</summary>
    private static QueueTable ServedQueues(IServiceProvider provider) => new(
        provider.GetServices<QueueRegistration>(),
        provider.GetRequiredService<JobRegistry>(),
        Options.Create(new JobsOptions { DefaultConcurrency = provider.GetRequiredService<IOptions<JobsOptions>>().Value.DefaultConcurrency }));

    private static TestRunner Runner(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<JobsOptions>>().Value;
        return new TestRunner(
            provider.GetRequiredService<JobStore>(),
            provider.GetRequiredService<JobExecutor>(),
            provider.GetRequiredService<RunningJobs>(),
            provider.GetRequiredService<JobNotifications>(),
            provider.GetRequiredService<JobMetrics>(),
            options.Lease,
            options.Json,
            provider.GetRequiredService<PayloadCoding>(),
            provider.GetRequiredService<TimeProvider>());
    }
}
