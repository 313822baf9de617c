using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Millrace.Realtime.Bus;
using Millrace.Realtime.Bus.Memory;
using Millrace.Realtime.Channels;
using Millrace.Realtime.Diagnostics;
using Millrace.Realtime.Publishing;

namespace Millrace.Realtime;

/// <summary>Adds real-time channels to an application.</summary>
public static class RealtimeServiceCollectionExtensions
{
    /// <summary>Adds <see cref="ChannelClient"/> and <see cref="ChannelConnections"/>, on a bus within the process. May be called again to add to it.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets options; checked when the host starts.</param>
    public static RealtimeBuilder AddMillraceRealtime(this IServiceCollection services, Action<RealtimeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<RealtimeOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RealtimeOptions>, RealtimeOptionsValidator>());
        services.TryAddSingleton<ChannelRules>();
        services.TryAddSingleton<RealtimeMetrics>();
        services.TryAddSingleton<SubscriberTable>();
        services.TryAddSingleton<ChannelBus, MemoryBus>();
        services.TryAddSingleton<PublishPath>();
        services.TryAddSingleton<DeliverPath>();
        services.TryAddSingleton<ConnectionServices>();
        services.TryAddSingleton(static provider => new ChannelClient(
            provider.GetRequiredService<ConnectionServices>(),
            provider.GetRequiredService<ChannelBus>(),
            provider.GetRequiredService<DeliverPath>()));

        // Through the client, which attaches the bus: a client's connection may publish before the server ever does.
        services.TryAddSingleton(static provider =>
        {
            _ = provider.GetRequiredService<ChannelClient>();
            return new ChannelConnections(provider.GetRequiredService<ConnectionServices>());
        });
        return new RealtimeBuilder(services);
    }
}
