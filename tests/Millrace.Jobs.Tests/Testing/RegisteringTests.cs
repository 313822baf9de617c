using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Millrace.Jobs.Stores.Memory;
using Millrace.Jobs.Testing;
using Millrace.TestKit.Jobs;

namespace Millrace.Jobs.Tests.Testing;

public sealed class RegisteringTests
{
    [Fact, Trait("req", "J-17")]
    public async Task Plain_services_need_nothing_else()
    {
        var services = new ServiceCollection();
        services.AddSingleton(new Script());
        services.AddMillraceJobs().AddHandler<Work, WorkHandler>("work");
        services.AddMillraceJobsTesting();
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredService<JobClient>().EnqueueAsync(new Work("a"));

        Assert.Equal(1, (await provider.GetRequiredService<JobTester>().DrainAsync()).Completed);
    }

    [Fact, Trait("req", "J-17")]
    public async Task A_tick_is_not_missed_because_the_clock_moves_before_the_tester_is_made()
    {
        var clock = new JobTestClock(DateTimeOffset.UnixEpoch);
        var services = new ServiceCollection();
        services.AddSingleton(new Script());
        services.AddMillraceJobs().AddHandler<Work, WorkHandler>("work").AddSchedule("hourly", "0 * * * *", new Work("tick"));
        services.AddMillraceJobsTesting(options => options.Clock = clock);
        await using var provider = services.BuildServiceProvider();

        clock.Advance(TimeSpan.FromMinutes(61));

        Assert.Equal(1, (await provider.GetRequiredService<JobTester>().DrainAsync()).Completed);
    }

    [Fact, Trait("req", "J-17")]
    public async Task A_host_starts_and_stops_with_the_schedules_stored_and_nothing_running()
    {
        var clock = new JobTestClock();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(new Script());
        builder.Services.AddSingleton<JobStore>(ForeignStore());
        builder.Services.AddMillraceJobs(static options => options.DefaultConcurrency = 7)
            .AddHandler<Work, WorkHandler>("work").AddSchedule("secondly", "* * * * * *", new Work("tick"));
        builder.Services.AddMillraceJobsTesting(options => options.Clock = clock);
        using var host = builder.Build();
        await host.StartAsync();

        var client = host.Services.GetRequiredService<JobClient>();
        Assert.Single(await client.GetSchedulesAsync());
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, (await client.GetQueuesAsync()).Sum(static queue => queue.Waiting));
        Assert.Equal(7, Assert.Single(await client.GetQueuesAsync()).Concurrency);
        Assert.Same(clock, host.Services.GetRequiredService<TimeProvider>());
        Assert.Same(clock, host.Services.GetRequiredService<JobTestClock>());
        await host.StopAsync();
    }

    [Fact, Trait("req", "J-17")]
    public async Task What_is_registered_afterwards_stops_the_start_with_the_remedy()
    {
        Action<IServiceCollection>[] later =
        [
            static services => services.Replace(ServiceDescriptor.Singleton<JobStore>(ForeignStore())),
            static services => services.PostConfigure<JobsOptions>(static options => options.RunWorkers = true),
            static services => services.PostConfigure<JobsOptions>(static options => options.RunSchedules = true),
        ];

        foreach (var register in later)
        {
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.Services.AddMillraceJobs();
            builder.Services.AddMillraceJobsTesting();
            register(builder.Services);
            using var host = builder.Build();
            var error = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync());
            Assert.Contains("ConfigureTestServices", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("req", "J-17")]
    public async Task The_engine_may_be_added_to_afterwards_and_testing_twice_takes_the_last_word()
    {
        var clock = new JobTestClock();
        var services = new ServiceCollection();
        services.AddSingleton(new Script());
        services.AddMillraceJobsTesting(static options => options.Clock = new JobTestClock(DateTimeOffset.UnixEpoch));
        services.AddMillraceJobs().AddHandler<Work, WorkHandler>("work");
        services.AddMillraceJobsTesting(options => (options.Inline, options.Clock) = (true, clock));
        await using var provider = services.BuildServiceProvider();

        var id = await provider.GetRequiredService<JobClient>().EnqueueAsync(new Work("a"));

        var job = await provider.GetRequiredService<JobClient>().GetAsync(id);
        Assert.Equal((JobState.Completed, clock.GetUtcNow()), (job!.State, job.CreatedAt));
        Assert.Equal(2, provider.GetServices<IHostedService>().Count());
        Assert.Same(clock, provider.GetRequiredService<JobTestClock>());
    }

    /// <summary>A store of the application that a test must not touch: it fails at every touch.</summary>
    private static FaultingJobStore ForeignStore() => new(new MemoryJobStore(TimeProvider.System), static _ => StoreFault.Before);
}
