using System.Globalization;

namespace Millrace.Jobs.Scheduling.Cron;

/// <summary>One field's name, range and names of values.</summary>
internal sealed record CronField(string Name, int Minimum, int Maximum, string[] ValueNames)
{
    public static readonly CronField Second = new("second", 0, 59, []);
    public static readonly CronField Minute = new("minute", 0, 59, []);
    public static readonly CronField Hour = new("hour", 0, 23, []);
    public static readonly CronField DayOfMonth = new("day of month", 1, 31, []);

    public static readonly CronField Month =
        new("month", 1, 12, ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]);

    public static readonly CronField DayOfWeek = new("day of week", 0, 7, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]);

    /// <summary>How many different values there are: 7 is Sunday again.</summary>
    public int Count => this == DayOfWeek ? 7 : Maximum - Minimum + 1;

    /// <summary>What the field takes, for messages.</summary>
    public string Allowed => string.Create(CultureInfo.InvariantCulture, $"{Minimum} to {Maximum}")
        + (ValueNames.Length == 0 ? string.Empty : $" or {ValueNames[0]} to {ValueNames[^1]}");

    /// <summary>Every value.</summary>
    public ulong All => ((1UL << Count) - 1) << Minimum;

    /// <summary>The value as a number or a name; null when it is neither or out of range.</summary>
    public int? Value(ReadOnlySpan<char> text)
    {
        if (text.Length is > 0 and <= 2 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number >= Minimum && number <= Maximum ? number : null;
        }

        for (var i = 0; i < ValueNames.Length; i++)
        {
            if (text.Equals(ValueNames[i], StringComparison.OrdinalIgnoreCase))
            {
                return Minimum + i;
            }
        }

        return null;
    }

    /// <summary>The values from one to another by steps, wrapping when the first is after the second.</summary>
    public ulong Range(int from, int to, int step)
    {
        if (this == DayOfWeek && from > to)
        {
            from %= 7;
        }

        var last = from > to ? to + Count : to;
        var mask = 0UL;
        for (var value = from; value <= last; value += step)
        {
            mask |= 1UL << (((value - Minimum) % Count) + Minimum);
        }

        return mask;
    }
}
