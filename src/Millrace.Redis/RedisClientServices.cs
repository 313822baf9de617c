using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Millrace.Redis;

/// <summary>
/// What a client takes from its surroundings. <see cref="RedisServiceCollectionExtensions"/> fills it from the services. Not for changing while
/// a client is being made.
/// </summary>
public sealed class RedisClientServices
{
    /// <summary>Where outages are logged, under the category <c>Millrace.Redis.RedisClient</c>. Null, the default: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>Makes the meter <c>Millrace.Redis</c>. Null, the default: the client has a meter of its own, of the same name.</summary>
    public IMeterFactory? MeterFactory { get; set; }

    /// <summary>Where time-outs, delays and durations come from. Null, the default: <see cref="System.TimeProvider.System"/>.</summary>
    public TimeProvider? TimeProvider { get; set; }
}
