using Microsoft.Extensions.DependencyInjection;
using Millrace.Realtime.Channels;

namespace Millrace.Realtime;

/// <summary>Declares channels; from <see cref="RealtimeServiceCollectionExtensions.AddMillraceRealtime"/>.</summary>
public sealed class RealtimeBuilder
{
    internal RealtimeBuilder(IServiceCollection services) => Services = services;

    /// <summary>The application's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Declares the channels that match a pattern. A channel that no pattern matches cannot be joined.</summary>
    /// <param name="pattern">
    /// Parts joined by colons, each literal or a name in braces that stands for one whole part: <c>project:{id}</c>. If several
    /// match a channel, the one that is literal furthest from the left holds; two that match the same channels fail at start.
    /// </param>
    /// <param name="configure">Who may subscribe and publish, and the limits. Without a rule nobody may.</param>
    /// <exception cref="ArgumentException">The pattern is malformed.</exception>
    public RealtimeBuilder AddChannel(string pattern, Action<ChannelBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var rule = new ChannelRule(ChannelPattern.Parse(pattern));
        configure(new ChannelBuilder(rule));
        Services.Configure<RealtimeOptions>(options => options.Rules.Add(rule));
        return this;
    }
}
