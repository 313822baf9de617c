namespace Millrace.Jobs.Stores.Sql;

/// <summary>Times as the database keeps them: milliseconds since 1970, UTC.</summary>
internal static class SqlTime
{
    /// <summary>The millisecond that the time lies in.</summary>
    public static long Cut(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    /// <summary>The first millisecond that is not earlier than the time.</summary>
    public static long RoundUp(DateTimeOffset time)
    {
        var cut = time.ToUnixTimeMilliseconds();
        return time.UtcTicks % TimeSpan.TicksPerMillisecond == 0 ? cut : cut + 1;
    }

    /// <summary>A duration in whole milliseconds, rounded up.</summary>
    public static long RoundUp(TimeSpan duration) =>
        (duration.Ticks / TimeSpan.TicksPerMillisecond) + (duration.Ticks % TimeSpan.TicksPerMillisecond > 0 ? 1 : 0);

    public static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
