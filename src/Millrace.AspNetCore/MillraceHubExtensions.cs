using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.SignalR;
using Millrace.Realtime;

namespace Millrace.AspNetCore;

/// <summary>Opens channels to SignalR clients. <c>AddMillrace</c> and <c>MapMillrace</c> call both; they also stand alone.</summary>
public static class MillraceHubExtensions
{
    /// <summary>Adds the channel hub's services; <see cref="MapMillraceHub"/> maps it. May be called again to add to the options.</summary>
    public static RealtimeBuilder AddMillraceHub(this RealtimeBuilder builder, Action<ChannelHubOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        var options = services.AddOptions<ChannelHubOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        if (services.Any(static service => service.ServiceType == typeof(HubLifetimeManager<ChannelHub>)))
        {
            return builder;
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ChannelHubOptions>, ChannelHubOptionsValidator>());
        services.AddSignalR().AddHubOptions<ChannelHub>(static _ => { });
        services.AddSingleton<HubLifetimeManager<ChannelHub>, ChannelHubLifetime>();
        services.AddSingleton<IStartupFilter, QueryTokenFilter>();
        services.AddOptions<HubOptions<ChannelHub>>().Configure<IOptions<ChannelHubOptions>>(static (hub, own) =>
        {
            hub.MaximumReceiveMessageSize = own.Value.MaximumMessageBytes;
            hub.SupportedProtocols = ["json"]; // what publications are serialised for, once
            hub.MaximumParallelInvocationsPerClient = 1;
        });
        return builder;
    }

    /// <summary>Maps the channel hub.</summary>
    /// <param name="endpoints">Where to map it.</param>
    /// <param name="path">Its path.</param>
    /// <returns>For conventions such as <c>RequireCors</c> and <c>RequireAuthorization</c>. A browser on another origin needs the first.</returns>
    /// <exception cref="InvalidOperationException"><see cref="AddMillraceHub"/> was not called.</exception>
    public static IEndpointConventionBuilder MapMillraceHub(this IEndpointRouteBuilder endpoints, string path = "/millrace/hub")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (endpoints.ServiceProvider.GetService<HubLifetimeManager<ChannelHub>>() is not ChannelHubLifetime)
        {
            throw new InvalidOperationException("The channel hub's services are missing: call AddMillrace, or AddMillraceRealtime().AddMillraceHub(), first.");
        }

        var options = endpoints.ServiceProvider.GetRequiredService<IOptions<ChannelHubOptions>>().Value;
        var hub = endpoints.MapHub<ChannelHub>(path, dispatcher =>
        {
            // The hub ends expired connections itself and says why; this covers long polling, where each poll may bring a new sign-in.
            dispatcher.CloseOnAuthenticationExpiration = true;
            dispatcher.TransportSendTimeout = options.SendTimeout;
        });
        hub.Add(OriginGuard.Wrap);
        return hub;
    }
}
