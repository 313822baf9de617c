using System.Numerics;

namespace Millrace.Jobs.Scheduling.Cron;

/// <summary>A parsed expression: which wall-clock times match. Bit n of a mask stands for the value n.</summary>
internal sealed record CronFields
{
    /// <summary>How far ahead a match is looked for. The rarest date there is, 29 February on one day of the week, comes within 40 years.</summary>
    public const int SearchYears = 50;

    public required ulong Seconds { get; init; }

    public required ulong Minutes { get; init; }

    public required ulong Hours { get; init; }

    public required ulong DaysOfMonth { get; init; }

    public required IReadOnlyList<MonthDay> MonthDays { get; init; }

    public required ulong Months { get; init; }

    public required ulong DaysOfWeek { get; init; }

    public required IReadOnlyList<WeekDay> WeekDays { get; init; }

    /// <summary>Both day fields are restricted, so either may match.</summary>
    public required bool EitherDay { get; init; }

    /// <summary>The hour has a <c>*</c> or a step: the pattern goes on after a gap in the clock.</summary>
    public required bool RepeatsByHour { get; init; }

    /// <summary>Second, minute or hour has a <c>*</c> or a step: the pattern runs through an hour that comes twice, twice.</summary>
    public required bool Repeats { get; init; }

    /// <summary>The first matching wall-clock time at or after a whole second; null when there is none in <see cref="SearchYears"/>.</summary>
    public DateTime? AtOrAfter(DateTime wall)
    {
        var lastYear = Math.Min(wall.Year + SearchYears, 9999);
        var time = wall.TimeOfDay;
        var firstDay = wall.Day;
        for (var (year, month) = (wall.Year, wall.Month); year <= lastYear; (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1))
        {
            if ((Months >> month & 1) != 0)
            {
                var days = DaysIn(year, month) & (ulong.MaxValue << firstDay);
                for (; days != 0; days &= days - 1)
                {
                    var date = new DateTime(year, month, BitOperations.TrailingZeroCount(days), 0, 0, 0, DateTimeKind.Unspecified);
                    if (TimeAtOrAfter(date == wall.Date ? time : TimeSpan.Zero) is { } match)
                    {
                        return date + match;
                    }
                }
            }

            firstDay = 1;
        }

        return null;
    }

    private ulong DaysIn(int year, int month)
    {
        var count = DateTime.DaysInMonth(year, month);
        var first = new DateTime(year, month, 1, 0, 0, 0, DateTimeKind.Unspecified).DayOfWeek;
        var byMonth = DaysOfMonth;
        foreach (var day in MonthDays)
        {
            byMonth |= 1UL << day.In(count, first);
        }

        var byWeek = 0UL;
        for (var day = 1; day <= count; day++)
        {
            byWeek |= (DaysOfWeek >> (((int)first + day - 1) % 7) & 1) << day;
        }

        foreach (var day in WeekDays)
        {
            byWeek |= 1UL << day.In(count, first);
        }

        var existing = ((1UL << count) - 1) << 1; // also drops bit 0, where days land that the month does not have
        return (EitherDay ? byMonth | byWeek : byMonth & byWeek) & existing;
    }

    private TimeSpan? TimeAtOrAfter(TimeSpan time)
    {
        var (hour, minute, second) = (time.Hours, time.Minutes, time.Seconds);
        if (Has(Hours, hour))
        {
            if (Has(Minutes, minute) && Next(Seconds, second) is >= 0 and var s)
            {
                return new TimeSpan(hour, minute, s);
            }

            if (Next(Minutes, minute + 1) is >= 0 and var m)
            {
                return new TimeSpan(hour, m, First(Seconds));
            }
        }

        return Next(Hours, hour + 1) is >= 0 and var h ? new TimeSpan(h, First(Minutes), First(Seconds)) : null;
    }

    private static bool Has(ulong mask, int value) => (mask >> value & 1) != 0;

    private static int First(ulong mask) => BitOperations.TrailingZeroCount(mask);

    private static int Next(ulong mask, int from)
    {
        var rest = mask & (ulong.MaxValue << from);
        return rest == 0 ? -1 : BitOperations.TrailingZeroCount(rest);
    }
}
