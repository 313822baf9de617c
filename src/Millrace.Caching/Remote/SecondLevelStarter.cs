using Microsoft.Extensions.Hosting;

namespace Millrace.Caching.Remote;

/// <summary>Makes the caches that share a second level when the host starts, so that their connections are there before the first read.</summary>
internal sealed class SecondLevelStarter(CacheRegistry registry, IEnumerable<SecondLevelRegistration> registrations) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var registration in registrations)
        {
            await registry.Get(registration.CacheName).ConnectAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
