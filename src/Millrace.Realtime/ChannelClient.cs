using System.Globalization;
using System.Security.Claims;
using Microsoft.Extensions.Logging;
using Millrace.Realtime.Bus;
using Millrace.Realtime.Channels;
using Millrace.Realtime.Diagnostics;
using Millrace.Realtime.Publishing;

namespace Millrace.Realtime;

/// <summary>Publishes to channels from anywhere: request handlers, jobs, plain code. A singleton; thread-safe.</summary>
public sealed class ChannelClient
{
    private readonly ConnectionServices _services;
    private readonly ChannelBus _bus;
    private int _subscriptionNumber;

    internal ChannelClient(ConnectionServices services, ChannelBus bus, DeliverPath deliverPath)
    {
        _services = services;
        _bus = bus;
        bus.Attach(deliverPath.Deliver, deliverPath.Revoke);
    }

    /// <summary>Publishes a message to whoever is subscribed now. Does not wait for any subscriber.</summary>
    /// <param name="channel">A valid name (see <see cref="ChannelNames"/>); it needs no subscriber and no declared pattern.</param>
    /// <param name="message">Serialised once, as what it is: by its own type even if <typeparamref name="TMessage"/> is a base type.</param>
    /// <param name="cancellationToken">Cancels the hand-over to the bus.</param>
    /// <returns>Ends when the bus has the message; what one caller publishes one after the other arrives in that order.</returns>
    /// <exception cref="ArgumentException">The name is not a channel's.</exception>
    /// <exception cref="MessageTooLargeException">The message is larger than the channel allows.</exception>
    /// <exception cref="System.Text.Json.JsonException">The message cannot be serialised.</exception>
    public ValueTask PublishAsync<TMessage>(string channel, TMessage message, CancellationToken cancellationToken = default) =>
        _services.PublishPath.PublishAsync(channel, message, cancellationToken);

    /// <summary>Ends subscriptions to a channel, for a user who may no longer see it; the clients are told <c>unsubscribed</c>.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="userId">Whose subscriptions, by <see cref="ChannelAccess.UserId"/>; null: everyone's, in-process ones included.</param>
    /// <param name="reason">A sentence for the clients.</param>
    /// <param name="cancellationToken">Cancels the hand-over to the bus.</param>
    /// <remarks>It does not change the rules: make them refuse the user first, or the client may join again.</remarks>
    public ValueTask RevokeAsync(string channel, string? userId, string reason, CancellationToken cancellationToken = default)
    {
        ChannelName.ThrowIfInvalid(channel, nameof(channel));
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return _bus.RevokeAsync(new Revocation(channel, userId, reason), cancellationToken);
    }

    /// <summary>Receives a channel inside the process, trusted: no rule is asked. One publication at a time, in order.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="handler">
    /// Gets each publication. It has an outbox like any subscriber, so a slow handler delays nobody and its channel's overflow policy
    /// applies to it. An exception is logged and the next publication follows.
    /// </param>
    /// <exception cref="ArgumentException">The name is not a channel's.</exception>
    public ChannelSubscription Subscribe(string channel, Func<Publication, CancellationToken, ValueTask> handler)
    {
        ChannelName.ThrowIfInvalid(channel, nameof(channel));
        ArgumentNullException.ThrowIfNull(handler);
        var transport = new HandlerTransport(handler, _services.Logger.HandlerFailed);
        var id = "process:" + Interlocked.Increment(ref _subscriptionNumber).ToString(CultureInfo.InvariantCulture);
        var connection = new ChannelConnection(_services, id, new ClaimsPrincipal(), transport, isClient: false, expiresAt: null);
        connection.Join(channel, _services.Rules.LimitsOf(_services.Rules.Find(channel)));
        return new ChannelSubscription(channel, connection, transport);
    }

    /// <summary>Counts and the busiest channels of this process, now. Looks at every channel once: for a page, not for a hot path.</summary>
    /// <param name="topChannels">How many channels to name; 0 to 1,000.</param>
    public RealtimeStatistics GetStatistics(int topChannels = 20)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(topChannels);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topChannels, 1_000);
        var metrics = _services.Metrics;
        return new RealtimeStatistics
        {
            Connections = metrics.Connections,
            Subscriptions = metrics.Subscriptions,
            Channels = _services.Table.Count,
            Publications = metrics.Publications,
            Deliveries = metrics.Deliveries,
            Drops = metrics.Drops,
            Disconnects = metrics.Disconnects,
            Refusals = metrics.Refusals,
            TopChannels = _services.Table.Top(topChannels),
        };
    }

    /// <summary>A page of the channels that have subscribers in this process, by name.</summary>
    /// <param name="after">The last name of the page before; null for the first page.</param>
    /// <param name="count">How many at most; 1 to 1,000.</param>
    public IReadOnlyList<ChannelStatistics> ListChannels(string? after = null, int count = 100)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 1_000);
        return _services.Table.Page(after, count);
    }
}
