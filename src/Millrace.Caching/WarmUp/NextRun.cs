namespace Millrace.Caching.WarmUp;

/// <summary>When a plan is due next.</summary>
internal static class NextRun
{
    /// <summary>The next time after <paramref name="now"/>; null when the plan has no schedule. Times that have passed are not made up for.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="now">The time.</param>
    /// <param name="lastStart">When it ran last; null when it has not.</param>
    public static DateTimeOffset? After(CacheWarmerPlan plan, DateTimeOffset now, DateTimeOffset? lastStart)
    {
        if (plan.BeforeHour is { } before)
        {
            var turn = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero) + TimeSpan.FromHours(1) - before;
            return turn > now ? turn : turn + TimeSpan.FromHours(1);
        }

        if (plan.DailyAt is { } time)
        {
            return Daily(time, TimeZoneInfo.FindSystemTimeZoneById(plan.TimeZone), now);
        }

        if (plan.Interval is { } interval)
        {
            var next = (lastStart ?? now) + interval;
            return next > now ? next : now;
        }

        return null;
    }

    private static DateTimeOffset Daily(TimeOnly time, TimeZoneInfo zone, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, zone).DateTime);
        for (var day = -1; ; day++)
        {
            var at = At(today.AddDays(day).ToDateTime(time, DateTimeKind.Unspecified), zone);
            if (at > now)
            {
                return at;
            }
        }
    }

    /// <summary>The first moment at which clocks in the zone show a time, or, where they skip it, the moment at which they were changed.</summary>
    private static DateTimeOffset At(DateTime local, TimeZoneInfo zone)
    {
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(1);
        }

        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }
}
