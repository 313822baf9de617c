using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Jobs.Testing;
using Millrace.Jobs.Tests.Calls;

namespace Millrace.Jobs.Tests.Testing;

/// <summary>An application's jobs in the hands of a test: plain services, without a host unless it is started.</summary>
internal sealed class Subject : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public Subject(Action<JobsBuilder>? configure = null, bool inline = false, Action<JobsOptions>? options = null, bool testClock = true)
    {
        var services = new ServiceCollection();
        services.AddSingleton(Script);
        services.AddSingleton(Post);
        services.AddSingleton<IJobObserver>(Changes);
        services.AddScoped<IPostbox, Postbox>();
        var jobs = services.AddMillraceJobs(settings =>
        {
            settings.Retry = RetryPolicy.Exponential(TimeSpan.FromSeconds(10), TimeSpan.FromHours(1));
            options?.Invoke(settings);
        });
        jobs.AddHandler<Work, WorkHandler>("work").AddCalls<IPostbox>("post");
        configure?.Invoke(jobs);
        services.AddMillraceJobsTesting(testing => (testing.Inline, testing.Clock) = (inline, testClock ? Clock : null));
        _services = services.BuildServiceProvider(new ServiceProviderOptions { ValidateScopes = true, ValidateOnBuild = false });
        Tester = _services.GetRequiredService<JobTester>();
        Client = _services.GetRequiredService<JobClient>();
    }

    public JobTestClock Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public Script Script { get; } = new();

    public PostboxScript Post { get; } = new();

    public ChangeRecorder Changes { get; } = new();

    public JobTester Tester { get; }

    public JobClient Client { get; }

    public IServiceProvider Services => _services;

    public async Task StartHostedAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
