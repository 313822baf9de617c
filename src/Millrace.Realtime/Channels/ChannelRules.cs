using Microsoft.Extensions.Options;

namespace Millrace.Realtime.Channels;

/// <summary>Finds the rule of a channel: the most specific pattern with as many parts. Fixed after start, so reads need no lock.</summary>
internal sealed class ChannelRules
{
    private readonly ChannelRule[][] _byPartCount; // index: number of parts; each sorted by specificity
    private readonly RealtimeOptions _options;

    public ChannelRules(IOptions<RealtimeOptions> options)
    {
        _options = options.Value;
        var longest = _options.Rules.Count == 0 ? 0 : _options.Rules.Max(rule => rule.Pattern.PartCount);
        _byPartCount = new ChannelRule[longest + 1][];
        for (var count = 0; count <= longest; count++)
        {
            ChannelRule[] rules = [.. _options.Rules.Where(rule => rule.Pattern.PartCount == count)];
            Array.Sort(rules, static (left, right) => ChannelPattern.CompareSpecificity(left.Pattern, right.Pattern));
            _byPartCount[count] = rules;
        }
    }

    /// <summary>The rule for a valid channel name, or null when no pattern matches.</summary>
    public ChannelRule? Find(string channel)
    {
        var parts = channel.AsSpan().Count(':') + 1;
        if (parts >= _byPartCount.Length)
        {
            return null;
        }

        foreach (var rule in _byPartCount[parts])
        {
            if (rule.Pattern.Matches(channel))
            {
                return rule;
            }
        }

        return null;
    }

    public ChannelLimits LimitsOf(ChannelRule? rule) => rule?.Resolve(_options)
        ?? new ChannelLimits(_options.Overflow, _options.OutboxPublications, _options.OutboxBytes, _options.MaximumMessageBytes);
}
