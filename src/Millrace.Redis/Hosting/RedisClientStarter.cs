using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Millrace.Redis.Hosting;

/// <summary>
/// Connects the registered clients before any other hosted service starts, so that these find them ready, and so that a host without its Redis
/// does not start. The clients are ended with the services.
/// </summary>
internal sealed class RedisClientStarter(IServiceProvider services, IEnumerable<RedisClientRegistration> registrations) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(registrations.Select(registration => Client(registration).StartAsync(cancellationToken)));

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private RedisClient Client(RedisClientRegistration registration) =>
        registration.Name.Length == 0 ? services.GetRequiredService<RedisClient>() : services.GetRequiredKeyedService<RedisClient>(registration.Name);
}
