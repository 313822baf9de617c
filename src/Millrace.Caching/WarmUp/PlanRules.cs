namespace Millrace.Caching.WarmUp;

/// <summary>Checks a plan; each message says which setting, what is wrong, and what is allowed.</summary>
internal static class PlanRules
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public static List<string> Check(string section, CacheWarmerPlan plan, bool isPerUser)
    {
        var failures = new List<string>();
        Range(nameof(plan.BatchSize), plan.BatchSize, 1, 1000);
        Range(nameof(plan.MaximumConcurrency), plan.MaximumConcurrency, 1, 64);
        Range(nameof(plan.Attempts), plan.Attempts, 1, 10);
        Range(nameof(plan.EntryBudget), plan.EntryBudget, 1, 1_000_000);
        Range(nameof(plan.CandidateLimit), plan.CandidateLimit, 1, 10_000_000);
        Range(nameof(plan.ByteBudget), plan.ByteBudget ?? 1, 1, 1L << 40);
        Range(nameof(plan.StartDelay), plan.StartDelay, TimeSpan.Zero, Day);
        Range(nameof(plan.Interval), plan.Interval ?? Hour, TimeSpan.FromSeconds(1), 30 * Day);
        Range(nameof(plan.Spread), plan.Spread, TimeSpan.Zero, Hour);
        Range(nameof(plan.RetryDelay), plan.RetryDelay, TimeSpan.Zero, Hour);
        Range(nameof(plan.MaximumRetryDelay), plan.MaximumRetryDelay, TimeSpan.Zero, Hour);
        Range(nameof(plan.BatchTimeout), plan.BatchTimeout, TimeSpan.FromMilliseconds(1), Day);
        Range(nameof(plan.RunTimeout), plan.RunTimeout, TimeSpan.FromMilliseconds(1), Day);
        Rule(plan.EntriesPerSecond is null or (>= 0.1 and <= 1_000_000), $"EntriesPerSecond is {plan.EntriesPerSecond}; it must be from 0.1 to 1000000, or absent.");
        Rule(plan.EvictionShare is >= 0 and <= 1, $"EvictionShare is {plan.EvictionShare}; it is a share from 0 to 1.");
        Rule(Enum.IsDefined(plan.Priority), $"Priority is {plan.Priority}; it must be High, Medium or Low.");
        Rule(plan.Interval is null || plan.DailyAt is null, "Interval and DailyAt are both set; choose one.");
        Rule(plan.OnStart || !plan.RequiredForReadiness, "RequiredForReadiness is set without OnStart: the process would never be ready.");
        Rule(TimeZoneInfo.TryFindSystemTimeZoneById(plan.TimeZone ?? "", out _), $"TimeZone is '{plan.TimeZone}', which this system does not know.");
        Rule(
            !isPerUser || plan.Users is not null || (!plan.OnStart && plan.Interval is null && plan.DailyAt is null),
            "a warmer per user has a schedule or runs on start, but no Users to run for.");
        return failures;

        void Range<T>(string setting, T value, T least, T most)
            where T : IComparable<T> =>
            Rule(value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0, $"{setting} is {value}; it must be from {least} to {most}.");

        void Rule(bool holds, string message)
        {
            if (!holds)
            {
                failures.Add($"{section}: {message}");
            }
        }
    }
}
