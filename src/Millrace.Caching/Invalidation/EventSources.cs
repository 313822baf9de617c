using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Invalidation;

/// <summary>Subscribes to all event sources when the host starts, runs the rules for what they publish, and ends the subscriptions when it stops.</summary>
internal sealed class EventSources(IEnumerable<ICacheEventSource> sources, CacheRegistry registry, ILogger<EventSources> logger) : IHostedService
{
    private readonly List<IAsyncDisposable> _subscriptions = []; // as many as sources are registered; start and stop never overlap

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var source in sources)
        {
            _subscriptions.Add(await source.SubscribeAsync(RunAsync, cancellationToken).ConfigureAwait(false));
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var subscription in _subscriptions)
        {
            try
            {
                await subscription.DisposeAsync().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception fault) when (fault is not OperationCanceledException) // the others must end too
            {
                Log.EventSourceFailed(logger, fault, subscription.GetType().Name);
            }
        }

        _subscriptions.Clear();
    }

    private async ValueTask RunAsync(CacheEvent @event, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(@event);
        try
        {
            await registry.InvalidateAsync(@event, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidOperationException fault)
        {
            Log.EventRulesFailed(logger, fault, @event.Name);
            throw; // the source decides whether it offers the event again
        }
    }
}
