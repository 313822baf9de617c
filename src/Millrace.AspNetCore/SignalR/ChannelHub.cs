using System.Text.Json;
using Microsoft.AspNetCore.SignalR;
using Millrace.Realtime;

namespace Millrace.AspNetCore.SignalR;

/// <summary>What a client may call. Names and arguments are the wire contract; everything is decided by its <see cref="ChannelConnection"/>.</summary>
internal sealed class ChannelHub : Hub
{
    public async Task Subscribe(string channel) =>
        ThrowIfRefused(await Connection.SubscribeAsync(channel, Context.ConnectionAborted).ConfigureAwait(false));

    public async Task Unsubscribe(string channel) =>
        ThrowIfRefused(await Connection.UnsubscribeAsync(channel, Context.ConnectionAborted).ConfigureAwait(false));

    public async Task Publish(string channel, JsonElement payload) =>
        ThrowIfRefused(await Connection.PublishAsync(channel, payload, Context.ConnectionAborted).ConfigureAwait(false));

    private ChannelConnection Connection =>
        ChannelHubLifetime.ConnectionOf(Context.Items) ?? throw new HubException("The connection is closed.");

    private static void ThrowIfRefused(ChannelResult result)
    {
        if (!result.Succeeded)
        {
            throw new HubException(result.Reason);
        }
    }
}
