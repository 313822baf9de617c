namespace Millrace.Realtime.Channels;

/// <summary>What one pattern declares: who may subscribe, who may publish, and the limits it sets itself (null: the options' default).</summary>
internal sealed class ChannelRule(ChannelPattern pattern)
{
    public ChannelPattern Pattern { get; } = pattern;

    /// <summary>All must allow; none at all denies.</summary>
    public List<Func<ChannelAccess, CancellationToken, ValueTask<bool>>> SubscribeRules { get; } = [];

    /// <summary>All must allow; none at all denies.</summary>
    public List<Func<ChannelAccess, CancellationToken, ValueTask<bool>>> PublishRules { get; } = [];

    public OverflowPolicy? Overflow { get; set; }

    public int? OutboxPublications { get; set; }

    public int? OutboxBytes { get; set; }

    public int? MessageBytes { get; set; }

    public string ClientMessageName { get; set; } = "message";

    public ChannelLimits Resolve(RealtimeOptions options) => new(
        Overflow ?? options.Overflow,
        OutboxPublications ?? options.OutboxPublications,
        OutboxBytes ?? options.OutboxBytes,
        MessageBytes ?? options.MaximumMessageBytes);

    public async ValueTask<bool> AllowsAsync(ChannelAccess access, CancellationToken cancellationToken)
    {
        var rules = access.Operation == ChannelOperation.Subscribe ? SubscribeRules : PublishRules;
        foreach (var rule in rules)
        {
            if (!await rule(access, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }

        return rules.Count > 0;
    }
}
