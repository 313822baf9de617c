using Microsoft.Extensions.Logging;

namespace Millrace.Caching.Statistics;

/// <summary>Everything this package logs; the event ids are stable.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Warning,
        "Cache '{Cache}': a value of {Bytes} bytes under a key like '{Pattern}' is not stored, the limit for one value is {Limit} bytes. "
        + "Cache less, or raise MaximumPayloadBytes (or SizeLimitBytes, of which an entry gets a quarter at most). Said once per pattern.")]
    public static partial void EntryTooHeavy(ILogger logger, string cache, string pattern, long bytes, long limit);

    [LoggerMessage(1002, LogLevel.Warning,
        "Cache '{Cache}': the weight of immutable values of {Type} cannot be estimated, each counts as {Bytes} bytes. Pass a weigher to Immutable<T>(). Said once per type.")]
    public static partial void WeightUnknown(ILogger logger, Exception exception, string cache, string type, long bytes);

    [LoggerMessage(1003, LogLevel.Error, "Cache warmer '{Warmer}' of cache '{Cache}' failed.")]
    public static partial void WarmerFailed(ILogger logger, Exception exception, string warmer, string cache);

    [LoggerMessage(1004, LogLevel.Information,
        "Cache '{Cache}': more than {Limit} tags have been invalidated; the older half is forgotten and tagged entries older than that are dropped. "
        + "Raise InvalidatedTagLimit if this is frequent.")]
    public static partial void TagsForgotten(ILogger logger, string cache, int limit);
}
