using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Jobs.Stores.Memory;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests;

/// <summary>One process of the job engine, on a fake clock. Its intervals are an hour unless a test says otherwise, so that nothing happens by
/// the passing of time alone.</summary>
internal sealed class Engine : IAsyncDisposable
{
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    private readonly ServiceProvider _services;
    private bool _stopped;

    private Engine(FakeClock clock, JobStore store, Action<JobsOptions>? options, Action<JobsBuilder>? configure, Action<JobDefaults>? defaults)
    {
        Clock = clock;
        Store = store;
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Logs));
        services.AddSingleton<TimeProvider>(clock);
        services.AddSingleton(Script);
        services.AddSingleton<IJobObserver>(Changes);
        var builder = services.AddMillraceJobs(settings =>
        {
            (settings.Lease, settings.SweepInterval, settings.PollInterval) = (TimeSpan.FromHours(1), TimeSpan.FromHours(1), TimeSpan.FromHours(1));
            settings.Retry = RetryPolicy.Fixed(TimeSpan.FromSeconds(10));
            options?.Invoke(settings);
        });
        builder.AddHandler<Work, WorkHandler>("work", defaults);
        services.Replace(ServiceDescriptor.Singleton(store));
        configure?.Invoke(builder);
        _services = services.BuildServiceProvider();
        Client = _services.GetRequiredService<JobClient>();
    }

    public FakeClock Clock { get; }

    public JobStore Store { get; }

    public Script Script { get; } = new();

    public ChangeRecorder Changes { get; } = new();

    public LogRecorder Logs { get; } = new();

    public JobClient Client { get; }

    public IServiceProvider Services => _services;

    public static async Task<Engine> StartAsync(
        FakeClock? clock = null,
        JobStore? store = null,
        Action<JobsOptions>? options = null,
        Action<JobsBuilder>? configure = null,
        Action<JobDefaults>? defaults = null,
        Func<Work, JobContext, CancellationToken, Task>? run = null)
    {
        clock ??= new FakeClock();
        var engine = new Engine(clock, store ?? new MemoryJobStore(clock), options, configure, defaults);
        engine.Script.Run = run ?? engine.Script.Run;
        foreach (var service in engine._services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
        }

        return engine;
    }

    public async Task StopAsync(CancellationToken hostStops = default)
    {
        if (!_stopped)
        {
            _stopped = true;
            foreach (var service in _services.GetServices<IHostedService>())
            {
                await service.StopAsync(hostStops).WaitAsync(Guard, CancellationToken.None);
            }
        }
    }

    /// <summary>Stops and moves the clock for the waits of the stop itself.</summary>
    public async Task StopWithClockAsync(CancellationToken hostStops = default)
    {
        var stop = StopAsync(hostStops);
        while (!stop.IsCompleted)
        {
            await Task.WhenAny(stop, Turn.NextAsync());
            Clock.Advance(TimeSpan.FromMilliseconds(50));
        }

        await stop;
    }

    public Task<JobChange> ReachesAsync(string id, JobState state, int attempt = 0) =>
        Changes.WaitForAsync(change => change.Id == id && change.State == state && change.ProgressPercent is null && change.Attempt >= attempt);

    public async Task<JobRecord> GetAsync(string id)
    {
        var job = await Client.GetAsync(id);
        Assert.NotNull(job);
        return job;
    }

    /// <summary>Stops the engine as a host does that waits no longer, moving the clock for the waits of the stop itself.</summary>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await StopWithClockAsync(now.Token);
        await _services.DisposeAsync();
    }
}
