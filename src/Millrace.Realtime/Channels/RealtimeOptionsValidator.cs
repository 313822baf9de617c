using Microsoft.Extensions.Options;

namespace Millrace.Realtime.Channels;

internal sealed class RealtimeOptionsValidator : IValidateOptions<RealtimeOptions>
{
    private const int LargestMessage = 16 * 1024 * 1024;

    public ValidateOptionsResult Validate(string? name, RealtimeOptions options)
    {
        var errors = new List<string>();
        Range(errors, nameof(options.MaximumMessageBytes), options.MaximumMessageBytes, 1, LargestMessage);
        Range(errors, nameof(options.OutboxPublications), options.OutboxPublications, 1, 100_000);
        Range(errors, nameof(options.OutboxBytes), options.OutboxBytes, 1, int.MaxValue);
        Range(errors, nameof(options.ConnectionOutboxBytes), options.ConnectionOutboxBytes, 1, int.MaxValue);
        Range(errors, nameof(options.MaximumChannelsPerConnection), options.MaximumChannelsPerConnection, 1, 10_000);
        Range(errors, nameof(options.ClientMessageBurst), options.ClientMessageBurst, 1, 1_000_000);
        if (!double.IsFinite(options.ClientMessagesPerSecond) || options.ClientMessagesPerSecond <= 0)
        {
            errors.Add($"RealtimeOptions.ClientMessagesPerSecond is {options.ClientMessagesPerSecond}; set a number above 0.");
        }

        if (!Enum.IsDefined(options.Overflow))
        {
            errors.Add($"RealtimeOptions.Overflow is {options.Overflow}; set one of {string.Join(", ", Enum.GetNames<OverflowPolicy>())}.");
        }

        if (options.SerializerOptions is null)
        {
            errors.Add("RealtimeOptions.SerializerOptions is null; leave the default or set your own.");
        }

        CheckLimits(errors, "RealtimeOptions", new ChannelRule(ChannelPattern.Parse("default")).Resolve(options), options);
        CheckRules(errors, options);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void CheckRules(List<string> errors, RealtimeOptions options)
    {
        for (var i = 0; i < options.Rules.Count; i++)
        {
            var rule = options.Rules[i];
            CheckLimits(errors, $"Channel '{rule.Pattern.Text}'", rule.Resolve(options), options);
            for (var j = 0; j < i; j++)
            {
                if (options.Rules[j].Pattern.IsSameAs(rule.Pattern))
                {
                    errors.Add($"The channel patterns '{options.Rules[j].Pattern.Text}' and '{rule.Pattern.Text}' match the same channels; declare them once.");
                }
            }
        }
    }

    private static void CheckLimits(List<string> errors, string where, ChannelLimits limits, RealtimeOptions options)
    {
        if (limits.MessageBytes > LargestMessage)
        {
            errors.Add($"{where} allows messages of {limits.MessageBytes} bytes; the most is {LargestMessage}.");
        }

        // A message also carries its channel and type, which the outbox counts.
        var largest = (long)limits.MessageBytes + Publication.LargestOverheadBytes;
        if (limits.OutboxBytes < largest)
        {
            errors.Add($"{where} lets {limits.OutboxBytes} bytes wait, less than one message of {limits.MessageBytes} bytes needs; raise OutboxBytes to {largest} or lower MaximumMessageBytes.");
        }

        if (options.ConnectionOutboxBytes < limits.OutboxBytes)
        {
            errors.Add($"{where} lets {limits.OutboxBytes} bytes wait, more than the {options.ConnectionOutboxBytes} of a whole connection; raise RealtimeOptions.ConnectionOutboxBytes.");
        }
    }

    private static void Range(List<string> errors, string property, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            errors.Add($"RealtimeOptions.{property} is {value}; set {least} to {most}.");
        }
    }
}
