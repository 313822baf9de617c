using Microsoft.Extensions.Hosting;

namespace Millrace.Caching.WriteBehind;

/// <summary>Starts all write-behinds with the host and drains them when it stops.</summary>
internal sealed class WriteBehindHost(IServiceProvider services, IEnumerable<WriteBehindRegistration> registrations) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var registration in registrations)
        {
            await registration.Get(services).StartAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(registrations.Select(registration => registration.Get(services).StopAsync(cancellationToken)));
}
