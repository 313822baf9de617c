using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Millrace.Jobs.Tests.Servers;

/// <summary>One process of the job engine on a real server and in real time. It looks for work by itself only every hour, so whatever runs was
/// announced; it leaves the store to its maker.</summary>
internal sealed class RealEngine : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private RealEngine(JobStore store, TimeProvider clock, Action<JobsOptions>? options, Action<JobsBuilder>? configure)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(Logs));
        services.AddSingleton(clock);
        services.AddSingleton(Script);
        services.AddSingleton<IJobObserver>(Changes);
        var builder = services.AddMillraceJobs(settings =>
        {
            (settings.PollInterval, settings.SweepInterval, settings.DrainGrace) = (TimeSpan.FromHours(1), TimeSpan.FromMilliseconds(200), TimeSpan.Zero);
            settings.Retry = RetryPolicy.Fixed(TimeSpan.FromMilliseconds(20));
            options?.Invoke(settings);
        });
        builder.AddHandler<Work, WorkHandler>("work");
        services.Replace(ServiceDescriptor.Singleton(store));
        configure?.Invoke(builder);
        _services = services.BuildServiceProvider();
        Client = _services.GetRequiredService<JobClient>();
    }

    public Script Script { get; } = new();

    public ChangeRecorder Changes { get; } = new();

    public LogRecorder Logs { get; } = new();

    public JobClient Client { get; }

    public static async Task<RealEngine> StartAsync(
        JobStore store,
        Action<JobsOptions>? options = null,
        Action<JobsBuilder>? configure = null,
        Func<Work, JobContext, CancellationToken, Task>? run = null,
        TimeProvider? clock = null)
    {
        var engine = new RealEngine(store, clock ?? TimeProvider.System, options, configure);
        engine.Script.Run = run ?? engine.Script.Run;
        foreach (var service in engine._services.GetServices<IHostedService>())
        {
            await service.StartAsync(TestContext.Current.CancellationToken);
        }

        return engine;
    }

    public Task<JobChange> ReachesAsync(string id, JobState state) =>
        Changes.WaitForAsync(change => change.Id == id && change.State == state && change.ProgressPercent is null);

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
        {
            await service.StopAsync(CancellationToken.None).WaitAsync(Engine.Guard, CancellationToken.None);
        }

        await _services.DisposeAsync();
    }
}
