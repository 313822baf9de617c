using System.Runtime.InteropServices;

namespace Millrace.Jobs.Scheduling.Cron;

/// <summary>A day of the month that depends on the month: counted from its end, or moved to the nearest weekday, or both.</summary>
/// <param name="Day">The day from 1; or, from the end, how many days before the last.</param>
/// <param name="FromEnd">Whether <paramref name="Day"/> counts back from the last day.</param>
/// <param name="NearestWeekday">Whether a Saturday or Sunday gives way to the nearest weekday of the same month.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MonthDay(int Day, bool FromEnd, bool NearestWeekday)
{
    /// <summary>The day in a month, or 0 when the month has no such day.</summary>
    public int In(int daysInMonth, DayOfWeek first)
    {
        var day = FromEnd ? daysInMonth - Day : Day;
        if (day < 1 || day > daysInMonth)
        {
            return 0;
        }

        if (!NearestWeekday)
        {
            return day;
        }

        return (DayOfWeek)(((int)first + day - 1) % 7) switch
        {
            DayOfWeek.Saturday => day > 1 ? day - 1 : day + 2,
            DayOfWeek.Sunday => day < daysInMonth ? day + 1 : day - 2,
            _ => day,
        };
    }
}
