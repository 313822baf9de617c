using System.Globalization;
using System.Text;

namespace Township.Modules.Projects;

/// <summary>The geometry of a chart of days, in units of its view box. Numbers only: the page draws it as SVG.</summary>
internal sealed class DayChart
{
    public const int Width = 600;
    public const int Height = 180;
    private const int Left = 34;
    private const int Top = 10;
    private const int Bottom = 24;

    private readonly long _highest;
    private readonly int _count;

    private DayChart(IReadOnlyList<DayCount> days, long highest)
    {
        Days = days;
        _count = Math.Max(1, days.Count);
        _highest = NiceTop(highest);
    }

    public IReadOnlyList<DayCount> Days { get; }

    /// <summary>Values of the horizontal lines.</summary>
    public IEnumerable<long> Lines => new[] { 0L, _highest / 2, _highest }.Distinct();

    public double Slot => (double)(Width - Left) / _count;

    /// <summary>Bars of what was created and done each day.</summary>
    public static DayChart OfWork(IReadOnlyList<DayCount> days) =>
        new(days, days.Count == 0 ? 0 : days.Max(static day => Math.Max(day.Created, day.Done)));

    /// <summary>A line of what was open at the end of each day.</summary>
    public static DayChart OfOpen(IReadOnlyList<DayCount> days) =>
        new(days, days.Count == 0 ? 0 : days.Max(static day => day.Open));

    public double X(int day) => Left + (day * Slot);

    public double Y(long value) => Top + ((Height - Top - Bottom) * (1 - ((double)value / _highest)));

    public string OpenLine()
    {
        var path = new StringBuilder();
        for (var i = 0; i < Days.Count; i++)
        {
            path.Append(i == 0 ? 'M' : 'L').Append(N(X(i) + (Slot / 2))).Append(' ').Append(N(Y(Days[i].Open)));
        }

        return path.ToString();
    }

    public string OpenArea() => Days.Count == 0
        ? ""
        : $"{OpenLine()}L{N(X(Days.Count - 1) + (Slot / 2))} {N(Y(0))}L{N(X(0) + (Slot / 2))} {N(Y(0))}Z";

    /// <summary>A number as SVG reads it.</summary>
    public static string N(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);

    // 2, 4, 10, 20, 40, 100 …: a top whose half is whole.
    private static long NiceTop(long highest)
    {
        for (long power = 1; ; power *= 10)
        {
            foreach (var factor in (ReadOnlySpan<long>)[2, 4, 6])
            {
                if (highest <= factor * power)
                {
                    return factor * power;
                }
            }
        }
    }
}
