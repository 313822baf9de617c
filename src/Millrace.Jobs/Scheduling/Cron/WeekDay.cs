using System.Runtime.InteropServices;

namespace Millrace.Jobs.Scheduling.Cron;

/// <summary>One of a month's five Mondays, and so on.</summary>
/// <param name="Day">Which day of the week; 0 is Sunday.</param>
/// <param name="Number">Which of them, 1 to 5; 0 is the last.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct WeekDay(int Day, int Number)
{
    /// <summary>The day in a month, or 0 when the month has no such day.</summary>
    public int In(int daysInMonth, DayOfWeek first)
    {
        var firstSuch = 1 + ((Day - (int)first + 7) % 7);
        var day = Number == 0 ? firstSuch + ((daysInMonth - firstSuch) / 7 * 7) : firstSuch + ((Number - 1) * 7);
        return day <= daysInMonth ? day : 0;
    }
}
