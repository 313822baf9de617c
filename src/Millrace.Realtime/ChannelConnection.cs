using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Realtime.Channels;
using Millrace.Realtime.Diagnostics;
using Millrace.Realtime.Publishing;

namespace Millrace.Realtime;

/// <summary>
/// One client's connection: what it has joined, what it may send, and the outbox it is written from. A transport opens it with
/// <see cref="ChannelConnections.Open"/>, passes the client's calls on and disposes it when the client is gone.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class ChannelConnection : IAsyncDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40); // timers cannot be set for more than about 49

    private readonly Lock _lock = new(); // guards the two fields below; taken before a channel's and an outbox's lock
    private readonly Dictionary<string, Subscription> _subscriptions = new(StringComparer.Ordinal);
    private bool _ended;
    private readonly ConnectionServices _services;
    private readonly ChannelTransport _transport;
    private readonly TokenBucket? _bucket; // null inside the process
    private readonly DateTimeOffset? _expiresAt;
    private readonly ITimer? _expiry;
    private int _closed;
    private int _disposed;

    internal ChannelConnection(
        ConnectionServices services, string id, ClaimsPrincipal user, ChannelTransport transport, bool isClient, DateTimeOffset? expiresAt)
    {
        _services = services;
        _transport = transport;
        Id = id;
        User = user;
        UserId = ChannelAccess.UserIdOf(user);
        Outbox = new Outbox(this, transport, services.Options.ConnectionOutboxBytes);
        if (!isClient)
        {
            return;
        }

        _bucket = new TokenBucket(services.Options.ClientMessagesPerSecond, services.Options.ClientMessageBurst, services.Time);
        services.Metrics.ConnectionsChanged(1);
        if (expiresAt is not null)
        {
            _expiresAt = expiresAt;
            _expiry = services.Time.CreateTimer(
                static state => ((ChannelConnection)state!).OnExpiryTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            OnExpiryTimer();
        }
    }

    /// <summary>The transport's id of the connection.</summary>
    public string Id { get; }

    /// <summary>Who it is.</summary>
    public ClaimsPrincipal User { get; }

    /// <summary>The user's id: the claim <see cref="ClaimTypes.NameIdentifier"/>, else <c>sub</c>; null for an anonymous client.</summary>
    public string? UserId { get; }

    internal Outbox Outbox { get; }

    /// <summary>The client asks to join a channel. Joining it again asks its rules again and changes nothing.</summary>
    /// <param name="channel">The name as the client sent it; anything is allowed, invalid names are refused.</param>
    /// <param name="cancellationToken">Cancels the rules.</param>
    public async ValueTask<ChannelResult> SubscribeAsync(string? channel, CancellationToken cancellationToken = default)
    {
        if (!Admit(out var refusal))
        {
            return refusal;
        }

        if (!TryFindRule(channel, ChannelOperation.Subscribe, out var rule, out refusal)
            || (!HasRoomFor(channel) && !TryRefuse(ChannelOperation.Subscribe, channel, TooManyChannels, out refusal)))
        {
            return refusal;
        }

        if (!await IsAllowedAsync(rule, channel, ChannelOperation.Subscribe, cancellationToken).ConfigureAwait(false))
        {
            return Refuse(ChannelOperation.Subscribe, channel, $"You may not join channel '{channel}'.");
        }

        return Join(channel, _services.Rules.LimitsOf(rule)) is null
            ? Refuse(ChannelOperation.Subscribe, channel, HasRoomFor(channel) ? "The connection is closed." : TooManyChannels)
            : ChannelResult.Done;
    }

    /// <summary>The client leaves a channel: nothing of it is written after the task has ended. One it has not joined is no error.</summary>
    public async ValueTask<ChannelResult> UnsubscribeAsync(string? channel, CancellationToken cancellationToken = default)
    {
        if (!Admit(out var refusal))
        {
            return refusal;
        }

        if (channel is not null && Leave(channel) is { } subscription)
        {
            await Outbox.End(subscription, noticeReason: null).WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return ChannelResult.Done;
    }

    /// <summary>The client publishes a message; the channel's publish rules decide. It need not have joined the channel.</summary>
    /// <param name="channel">The name as the client sent it.</param>
    /// <param name="message">Any JSON value.</param>
    /// <param name="cancellationToken">Cancels the rules and the hand-over to the bus.</param>
    public async ValueTask<ChannelResult> PublishAsync(string? channel, JsonElement message, CancellationToken cancellationToken = default)
    {
        if (!Admit(out var refusal) || !TryFindRule(channel, ChannelOperation.Publish, out var rule, out refusal))
        {
            return refusal;
        }

        if (message.ValueKind == JsonValueKind.Undefined)
        {
            return Refuse(ChannelOperation.Publish, channel, "The message is missing.");
        }

        if (!await IsAllowedAsync(rule, channel, ChannelOperation.Publish, cancellationToken).ConfigureAwait(false))
        {
            return Refuse(ChannelOperation.Publish, channel, $"You may not publish to channel '{channel}'.");
        }

        try
        {
            await _services.PublishPath.PublishJsonAsync(channel, rule, message, cancellationToken).ConfigureAwait(false);
            return ChannelResult.Done;
        }
        catch (MessageTooLargeException)
        {
            return Refuse(ChannelOperation.Publish, channel,
                $"The message is larger than the {_services.Rules.LimitsOf(rule).MessageBytes} bytes that channel '{channel}' takes.");
        }
    }

    /// <summary>Closes the connection: it leaves every channel at once, and the transport tells the client why. Later calls do nothing.</summary>
    /// <param name="reason">A sentence for the client.</param>
    /// <param name="mayReconnect">False when trying again at once would end the same way.</param>
    public void Close(string reason, bool mayReconnect = true) => Close(reason, mayReconnect, "closed");

    /// <summary>Leaves every channel, drops what waits, cancels a write under way and waits for it to end.</summary>
    public async ValueTask DisposeAsync()
    {
        LeaveAll();
        if (Interlocked.Exchange(ref _disposed, 1) == 0 && _bucket is not null)
        {
            _services.Metrics.ConnectionsChanged(-1);
        }

        if (_expiry is not null)
        {
            await _expiry.DisposeAsync().ConfigureAwait(false);
        }

        await Outbox.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Joins without asking; null when the connection is closed or has joined as many channels as it may.</summary>
    internal Subscription? Join(string channel, ChannelLimits limits)
    {
        Subscription subscription;
        lock (_lock)
        {
            if (_subscriptions.TryGetValue(channel, out var known))
            {
                return known;
            }

            if (_ended || _subscriptions.Count >= _services.Options.MaximumChannelsPerConnection)
            {
                return null;
            }

            subscription = new Subscription(this, channel, limits);
            _subscriptions.Add(channel, subscription);
            _services.Table.Add(subscription);
        }

        // Outside the lock: who listens to a meter is foreign code.
        _services.Metrics.SubscriptionsChanged(1);
        return subscription;
    }

    internal void Delivered() => _services.Metrics.Delivered();

    internal void WriteFailed(Exception exception)
    {
        if (Volatile.Read(ref _disposed) == 0)
        {
            _services.Logger.WriteFailed(exception, Id);
            Close("The connection could not be written to.", mayReconnect: true, "write-failed");
        }
    }

    internal void CloseOverflowed(Subscription subscription) => Close(
        $"The connection reads too slowly: too much waited for it when channel '{subscription.Channel}' published more.",
        mayReconnect: true, "overflow");

    internal void Revoke(Subscription subscription, string reason)
    {
        if (Leave(subscription.Channel, subscription) is not null)
        {
            _ = Outbox.End(subscription, reason); // the notice follows a write under way by itself
        }
    }

    private string TooManyChannels =>
        $"A connection may join {_services.Options.MaximumChannelsPerConnection} channels; leave one first.";

    /// <summary>Counts a client's message; false when the connection is closed for it, or its sign-in has ended.</summary>
    private bool Admit(out ChannelResult refusal)
    {
        refusal = default;
        if (_expiresAt is { } end && _services.Time.GetUtcNow() >= end)
        {
            refusal = ChannelResult.Refused(CloseExpired());
            return false;
        }

        if (_bucket is null || _bucket.TryTake())
        {
            return true;
        }

        var reason = $"Too many messages: {_services.Options.ClientMessagesPerSecond:0.##} a second are allowed in the long run, {_services.Options.ClientMessageBurst} at once.";
        Close(reason, mayReconnect: false, "flood");
        refusal = ChannelResult.Refused(reason);
        return false;
    }

    private bool TryFindRule(
        [NotNullWhen(true)] string? channel, ChannelOperation operation, [NotNullWhen(true)] out ChannelRule? rule, out ChannelResult refusal)
    {
        rule = null;
        if (!ChannelName.IsValid(channel))
        {
            return TryRefuse(operation, "(invalid)", "Not a channel name: " + ChannelName.Rule, out refusal);
        }

        rule = _services.Rules.Find(channel!);
        refusal = default;
        return rule is not null || TryRefuse(operation, channel!, $"There is no channel '{channel}'.", out refusal);
    }

    private async ValueTask<bool> IsAllowedAsync(ChannelRule rule, string channel, ChannelOperation operation, CancellationToken cancellationToken)
    {
        var scope = _services.Scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            var access = new ChannelAccess(
                channel, rule.Pattern.Text, rule.Pattern.Read(channel), operation, User, Id, scope.ServiceProvider);
            try
            {
                return await rule.AllowsAsync(access, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                _services.Logger.RuleFailed(exception, rule.Pattern.Text, channel, Id);
                return false;
            }
        }
    }

    private bool HasRoomFor(string channel)
    {
        lock (_lock)
        {
            return _subscriptions.Count < _services.Options.MaximumChannelsPerConnection || _subscriptions.ContainsKey(channel);
        }
    }

    private bool TryRefuse(ChannelOperation operation, string channel, string reason, out ChannelResult refusal)
    {
        refusal = Refuse(operation, channel, reason);
        return false;
    }

    private ChannelResult Refuse(ChannelOperation operation, string channel, string reason)
    {
        _services.Metrics.Refused();
        _services.Logger.Refused(Id, operation, channel);
        return ChannelResult.Refused(reason);
    }

    private Subscription? Leave(string channel, Subscription? only = null)
    {
        Subscription? subscription;
        lock (_lock)
        {
            if (!_subscriptions.TryGetValue(channel, out subscription) || (only is not null && !ReferenceEquals(only, subscription)))
            {
                return null;
            }

            _subscriptions.Remove(channel);
            _services.Table.Remove(subscription);
        }

        _services.Metrics.SubscriptionsChanged(-1);
        return subscription;
    }

    private void LeaveAll()
    {
        int left;
        lock (_lock)
        {
            _ended = true;
            foreach (var subscription in _subscriptions.Values)
            {
                _services.Table.Remove(subscription);
            }

            left = _subscriptions.Count;
            _subscriptions.Clear();
        }

        if (left > 0)
        {
            _services.Metrics.SubscriptionsChanged(-left);
        }
    }

    private void Close(string reason, bool mayReconnect, string cause)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        LeaveAll();
        Outbox.Close();
        if (_bucket is not null)
        {
            _services.Metrics.Disconnected(cause);
        }

        _services.Logger.Closed(Id, cause, reason);
        _transport.Close(reason, mayReconnect);
    }

    private string CloseExpired()
    {
        const string Reason = "The sign-in has expired; connect again with a new one.";
        Close(Reason, mayReconnect: true, "expired");
        return Reason;
    }

    private void OnExpiryTimer()
    {
        var left = _expiresAt!.Value - _services.Time.GetUtcNow();
        if (left <= TimeSpan.Zero)
        {
            CloseExpired();
        }
        else
        {
            _expiry?.Change(left < LongestTimer ? left : LongestTimer, Timeout.InfiniteTimeSpan);
        }
    }
}
