using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Millrace.Realtime.Tests.Channels;

public sealed class OptionsTests
{
    [Fact]
    public void Two_patterns_for_the_same_channels_fail_with_both_names()
    {
        var error = Fails(r => r.AddChannel("project:{id}", c => c.AllowAnyone()).AddChannel("project:{key}", c => c.AllowAnyone()));

        Assert.Contains("'project:{id}' and 'project:{key}'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_outbox_smaller_than_one_message_fails_with_the_channel_and_the_remedy()
    {
        var error = Fails(r => r.AddChannel("news", c => c.AllowAnyone().OutboxLimit(10, sizeBytes: 1000).MaximumMessageBytes(1000)));

        Assert.Contains("Channel 'news' lets 1000 bytes wait", error, StringComparison.Ordinal);
        Assert.Contains("raise OutboxBytes", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_out_of_range_fail_with_name_value_and_range()
    {
        var error = Fails(configure: o =>
        {
            o.MaximumMessageBytes = 0;
            o.ClientMessagesPerSecond = double.NaN;
            o.MaximumChannelsPerConnection = -1;
            o.Overflow = (OverflowPolicy)9;
        });

        Assert.Contains("RealtimeOptions.MaximumMessageBytes is 0; set 1 to 16777216.", error, StringComparison.Ordinal);
        Assert.Contains("RealtimeOptions.ClientMessagesPerSecond is NaN", error, StringComparison.Ordinal);
        Assert.Contains("RealtimeOptions.MaximumChannelsPerConnection is -1", error, StringComparison.Ordinal);
        Assert.Contains("DropOldest, CollapseToLatest, Disconnect", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_defaults_are_valid()
    {
        using var services = Services();

        Assert.Equal(64 * 1024, services.GetRequiredService<IOptions<RealtimeOptions>>().Value.MaximumMessageBytes);
    }

    private static string Fails(Action<RealtimeBuilder>? channels = null, Action<RealtimeOptions>? configure = null)
    {
        using var services = Services(channels, configure);
        return Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate()).Message;
    }

    private static ServiceProvider Services(Action<RealtimeBuilder>? channels = null, Action<RealtimeOptions>? configure = null)
    {
        var services = new ServiceCollection();
        channels?.Invoke(services.AddMillraceRealtime());
        services.AddMillraceRealtime(configure);
        return services.BuildServiceProvider();
    }
}
