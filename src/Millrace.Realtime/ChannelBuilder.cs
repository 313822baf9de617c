using Millrace.Realtime.Channels;

namespace Millrace.Realtime;

/// <summary>Declares what holds for the channels of one pattern. Nothing is allowed until a rule allows it; all rules must agree.</summary>
public sealed class ChannelBuilder
{
    private readonly ChannelRule _rule;

    internal ChannelBuilder(ChannelRule rule) => _rule = rule;

    /// <summary>The pattern being declared.</summary>
    public string Pattern => _rule.Pattern.Text;

    /// <summary>Any client that may connect may subscribe, signed in or not.</summary>
    public ChannelBuilder AllowAnyone() => Authorize(static (_, _) => ValueTask.FromResult(true));

    /// <summary>Any signed-in client may subscribe.</summary>
    public ChannelBuilder AllowAuthenticated() => Authorize(static access => access.User.Identity is { IsAuthenticated: true });

    /// <summary>A client may subscribe if the rule says so. A rule that throws denies, and its error is logged.</summary>
    public ChannelBuilder Authorize(Func<ChannelAccess, CancellationToken, ValueTask<bool>> rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        _rule.SubscribeRules.Add(rule);
        return this;
    }

    /// <inheritdoc cref="Authorize(Func{ChannelAccess, CancellationToken, ValueTask{bool}})" />
    public ChannelBuilder Authorize(Func<ChannelAccess, bool> rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return Authorize((access, _) => ValueTask.FromResult(rule(access)));
    }

    /// <summary>A client may publish if the rule says so; without such a rule only the server publishes. A rule that throws denies.</summary>
    public ChannelBuilder AuthorizePublish(Func<ChannelAccess, CancellationToken, ValueTask<bool>> rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        _rule.PublishRules.Add(rule);
        return this;
    }

    /// <inheritdoc cref="AuthorizePublish(Func{ChannelAccess, CancellationToken, ValueTask{bool}})" />
    public ChannelBuilder AuthorizePublish(Func<ChannelAccess, bool> rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return AuthorizePublish((access, _) => ValueTask.FromResult(rule(access)));
    }

    /// <summary>The message name that what clients publish here carries as <c>type</c>; default <c>message</c>.</summary>
    public ChannelBuilder ClientMessageName(string name)
    {
        _rule.ClientMessageName = Publishing.MessageNames.Checked(name, nameof(name));
        return this;
    }

    /// <summary>What happens when a subscriber's outbox for such a channel is full; default <see cref="RealtimeOptions.Overflow"/>.</summary>
    public ChannelBuilder OnOverflow(OverflowPolicy policy)
    {
        if (!Enum.IsDefined(policy))
        {
            throw new ArgumentOutOfRangeException(nameof(policy), policy, "Take one of the named policies.");
        }

        _rule.Overflow = policy;
        return this;
    }

    /// <summary>How many publications of one such channel, and how many bytes of them, may wait for one subscriber.</summary>
    /// <param name="publications">1 to 100,000.</param>
    /// <param name="sizeBytes">At least the channel's message limit (checked at start); null keeps <see cref="RealtimeOptions.OutboxBytes"/>.</param>
    public ChannelBuilder OutboxLimit(int publications, int? sizeBytes = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(publications, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(publications, 100_000);
        _rule.OutboxPublications = publications;
        _rule.OutboxBytes = sizeBytes ?? _rule.OutboxBytes;
        return this;
    }

    /// <summary>The largest message in bytes of JSON; default <see cref="RealtimeOptions.MaximumMessageBytes"/>.</summary>
    public ChannelBuilder MaximumMessageBytes(int sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sizeBytes, 1);
        _rule.MessageBytes = sizeBytes;
        return this;
    }
}
