using System.Globalization;

namespace Millrace.Redis.Configuration;

/// <summary>Values of connection strings, read and written.</summary>
internal static class ConnectionValue
{
    private static readonly (string Suffix, decimal Milliseconds)[] Units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

    public static bool TryReadFlag(string text, out bool value)
    {
        value = text.Equals("true", StringComparison.OrdinalIgnoreCase) || text.Equals("yes", StringComparison.OrdinalIgnoreCase);
        return value || text.Equals("false", StringComparison.OrdinalIgnoreCase) || text.Equals("no", StringComparison.OrdinalIgnoreCase);
    }

    public static string WriteFlag(bool value) => value ? "true" : "false";

    public static bool TryReadNumber(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    public static string WriteNumber(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads a duration: a number with ms, s, m or h, or without a unit, which is then <paramref name="plainMilliseconds"/>.</summary>
    public static bool TryReadDuration(string text, int plainMilliseconds, out TimeSpan value)
    {
        value = default;
        var number = text.AsSpan();
        decimal unit = plainMilliseconds;
        foreach (var (suffix, milliseconds) in Units)
        {
            if (number.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                unit = milliseconds;
                number = number[..^suffix.Length].TrimEnd();
                break;
            }
        }

        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) || amount > 1_000_000_000_000)
        {
            return false;
        }

        var ticks = amount * unit * TimeSpan.TicksPerMillisecond;
        if (ticks > long.MaxValue)
        {
            return false;
        }

        value = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    public static string WriteDuration(TimeSpan value) => value.Ticks % TimeSpan.TicksPerSecond == 0
        ? (value.Ticks / TimeSpan.TicksPerSecond).ToString(CultureInfo.InvariantCulture) + "s"
        : ((decimal)value.Ticks / TimeSpan.TicksPerMillisecond).ToString("0.####", CultureInfo.InvariantCulture) + "ms";

    public static bool TryReadName<T>(string text, out T value)
        where T : struct, Enum
    {
        // Names only: numbers would hide what is meant.
        foreach (var candidate in Enum.GetValues<T>())
        {
            if (candidate.ToString().Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                value = candidate;
                return true;
            }
        }

        value = default;
        return false;
    }

    public static string WriteName<T>(T value)
        where T : struct, Enum
    {
        var name = value.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}
