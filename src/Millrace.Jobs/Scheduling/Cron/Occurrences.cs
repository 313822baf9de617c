namespace Millrace.Jobs.Scheduling.Cron;

/// <summary>From wall-clock matches to real times, through changes of the zone's offset.</summary>
/// <remarks>
/// Real time is cut into stretches of one offset, within which wall time and real time run alike. In each stretch the next match is a
/// question to the calendar alone; the rules of daylight saving apply only at the seams:
/// a seam where the offset grows leaves a gap in wall time, one where it shrinks makes a part of it come twice.
/// </remarks>
internal static class Occurrences
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    // .NET's zones are within 14 hours of UTC, and no seam moves a clock by more than a day.
    private static readonly TimeSpan Margin = TimeSpan.FromDays(2);

    public static DateTimeOffset? Next(CronFields fields, DateTimeOffset after, TimeZoneInfo zone)
    {
        if (after.UtcDateTime < DateTime.MinValue + Margin || after.UtcDateTime > DateTime.MaxValue - Margin)
        {
            return null;
        }

        // 1. Start at the whole second; the match must come later.
        var start = new DateTime(after.UtcTicks - (after.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
        var offset = zone.GetUtcOffset(start);
        var from = SkipSecondPass(fields, zone, start + Second, start, offset);
        while (true)
        {
            // 2. What the calendar says if the offset stayed as it is.
            if (fields.AtOrAfter(Wall(from, offset)) is not { } wall || wall > DateTime.MaxValue - Margin)
            {
                return null;
            }

            // 3. If it stays, that is the answer.
            var match = DateTime.SpecifyKind(wall - offset, DateTimeKind.Utc);
            if (FindSeam(zone, start, offset, match) is not { } seam)
            {
                return new DateTimeOffset(wall, offset);
            }

            // 4. At a gap, a listed hour that fell into it runs now.
            var newOffset = zone.GetUtcOffset(seam);
            if (newOffset > offset && !fields.RepeatsByHour && fields.AtOrAfter(Wall(seam, offset)) < Wall(seam, newOffset))
            {
                return new DateTimeOffset(Wall(seam, newOffset), newOffset);
            }

            // 5. After a step back, fixed times have had their turn. Go on in the next stretch.
            from = newOffset < offset && !fields.Repeats ? seam + (offset - newOffset) : seam;
            (start, offset) = (seam, newOffset);
        }
    }

    // The caller's time may lie in the second pass of an hour that comes twice; fixed times ran in the first.
    private static DateTime SkipSecondPass(CronFields fields, TimeZoneInfo zone, DateTime from, DateTime start, TimeSpan offset)
    {
        if (fields.Repeats)
        {
            return from;
        }

        var before = start - Day;
        var oldOffset = zone.GetUtcOffset(before);
        if (oldOffset <= offset || FindSeam(zone, before, oldOffset, start) is not { } seam)
        {
            return from;
        }

        var secondPassEnd = seam + (oldOffset - offset);
        return from < secondPassEnd ? secondPassEnd : from;
    }

    /// <summary>The first second in (start, end] whose offset differs from the one at the start; null when there is none.</summary>
    private static DateTime? FindSeam(TimeZoneInfo zone, DateTime start, TimeSpan offset, DateTime end)
    {
        if (ReferenceEquals(zone, TimeZoneInfo.Utc))
        {
            return null;
        }

        // Two seams within a day that cancel each other out would be missed; no zone has had them.
        for (var low = start; low < end;)
        {
            var high = end - low > Day ? low + Day : end;
            if (zone.GetUtcOffset(high) == offset)
            {
                low = high;
                continue;
            }

            while (high - low > Second)
            {
                var middle = low + TimeSpan.FromSeconds((long)(high - low).TotalSeconds / 2);
                if (zone.GetUtcOffset(middle) == offset)
                {
                    low = middle;
                }
                else
                {
                    high = middle;
                }
            }

            return high;
        }

        return null;
    }

    private static DateTime Wall(DateTime utc, TimeSpan offset) => DateTime.SpecifyKind(utc + offset, DateTimeKind.Unspecified);
}
