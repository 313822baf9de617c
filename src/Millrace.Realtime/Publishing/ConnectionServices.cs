using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Realtime.Channels;
using Millrace.Realtime.Diagnostics;

namespace Millrace.Realtime.Publishing;

/// <summary>What every connection of a process shares.</summary>
internal sealed class ConnectionServices(
    SubscriberTable table,
    ChannelRules rules,
    PublishPath publishPath,
    RealtimeMetrics metrics,
    IServiceScopeFactory scopes,
    TimeProvider time,
    IOptions<RealtimeOptions> options,
    ILoggerFactory? logs = null)
{
    public SubscriberTable Table => table;

    public ChannelRules Rules => rules;

    public PublishPath PublishPath => publishPath;

    public RealtimeMetrics Metrics => metrics;

    public IServiceScopeFactory Scopes => scopes;

    public TimeProvider Time => time;

    public RealtimeOptions Options { get; } = options.Value;

    public ILogger Logger { get; } = (logs ?? NullLoggerFactory.Instance).CreateLogger("Millrace.Realtime");
}
