using System.IO.Compression;
using Millrace.Caching.WarmUp.Prediction;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.WarmUp;

[Trait("req", "C-19")]
public sealed class KeyLearnerTests
{
    internal const long Monday = 24 * 20_454; // an hour at midnight

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void On_a_made_up_log_with_daily_seasons_it_beats_yesterday_and_the_last_hour(int seed) =>
        AssertBeatsNaiveChoices(HourlyReads.Make(seed, hours: 5 * 24), firstHour: 0, trainingHours: 48);

    [Fact]
    public void On_a_real_access_log_it_beats_yesterday_and_the_last_hour()
    {
        var (first, log) = ReadAccessLog();
        AssertBeatsNaiveChoices(log, first, trainingHours: 48);
    }

    [Fact]
    public void A_key_that_is_read_at_nine_is_expected_at_nine_and_not_at_three()
    {
        static string[] Reads(long hour, Random random) => [.. Enumerable.Range(0, 24).Where(i => random.Next(4) == 0).Select(i => $"any:{i}"), $"at:{hour % 24}"];
        double At(int hours) => ProbabilityAt(Follow(days: 10, Reads), Monday + (10 * 24) + hours, "at:9");

        Assert.True(At(9) > 4 * At(15), $"{At(9)} at nine, {At(15)} at three");
    }

    [Fact]
    public void A_key_that_is_read_on_one_weekday_is_expected_on_that_day()
    {
        static string[] Reads(long hour, Random random) =>
            [.. Enumerable.Range(0, 20).Select(i => $"steady:{i}").Where(_ => random.Next(3) == 0), .. (hour / 24) % 7 == 2 ? new[] { "day" } : []];
        double At(int day)
        {
            var learner = Follow(days: 42, Reads);
            for (var hour = 0; hour < day * 24; hour++) // 42 days on, the cycle of weekdays begins anew
            {
                learner.Advance(Monday + (42 * 24) + hour);
                Observe(learner, Reads(Monday + hour, new Random(hour)));
            }

            return ProbabilityAt(learner, Monday + ((42 + day) * 24) + 1, "day");
        }

        var (onDay, off) = (Enumerable.Range(0, 7).Max(At), Enumerable.Range(0, 7).Min(At));
        Assert.True(onDay > 5 * off, $"{onDay} on its day, {off} on another");
    }

    [Fact]
    public void A_key_that_came_up_is_expected_and_one_that_went_out_of_use_is_not()
    {
        var learner = Follow(days: 6, static (hour, _) => (hour / 24) % 6 is var day && day < 3 ? ["past", "always"] : ["present", "always"]);

        var ranked = learner.Predict(Monday + (6 * 24), 10, 0).Select(guess => guess.Key);
        Assert.Equal(["always", "present", "past"], ranked);
    }

    [Fact]
    public void A_key_must_be_read_in_several_hours_before_it_is_worth_warming()
    {
        var learner = new KeyLearner(256);
        learner.Advance(Monday);
        learner.Observe("once", 1);
        learner.Advance(Monday + 1);

        Assert.Empty(learner.Predict(Monday + 1, 10, 0.05));
        Assert.Equal("once", Assert.Single(learner.Predict(Monday + 1, 10, 0)).Key);
    }

    [Fact]
    public void The_next_hour_can_be_asked_for_before_the_current_one_is_over()
    {
        var (late, early) = (Follow(days: 3, Busy), Follow(days: 3, Busy));
        var next = Monday + (3 * 24);

        Assert.Equal(next - 1, early.Hour);
        var before = early.Predict(next, 50, 0);
        late.Advance(next);
        var after = late.Predict(next, 50, 0);

        Assert.Equal(before.Select(guess => guess.Key).Take(20), after.Select(guess => guess.Key).Take(20));
    }

    [Fact]
    public void Hours_that_were_not_observed_are_not_taken_for_silence_and_idle_ones_are()
    {
        static string[] Reads(long hour, Random random) => random.Next(2) == 0 ? ["k"] : ["other"];
        double After(int hours)
        {
            var learner = Follow(days: 4, Reads);
            var then = Monday + (4 * 24) + hours;
            learner.Advance(then);
            return ProbabilityAt(learner, then, "k");
        }

        Assert.True(After(300) > 0.8 * After(0), "the process did not run for twelve days");
        Assert.True(After(20) < 0.7 * After(0), "nobody came for twenty hours");
    }

    [Fact]
    public void A_clock_that_goes_back_changes_nothing()
    {
        var learner = Follow(days: 1, Busy);
        var observed = learner.Observed;

        Assert.False(learner.Advance(Monday));
        Assert.Equal((observed, Monday + 23), (learner.Observed, learner.Hour));
    }

    [Fact]
    public void A_key_that_comes_when_all_places_are_taken_gets_one_when_it_is_read_again()
    {
        var learner = new KeyLearner(256);
        learner.Advance(Monday);
        Observe(learner, [.. Enumerable.Range(0, 1000).Select(i => $"scan:{i}")]);
        for (var hour = 1; hour < 12; hour++)
        {
            learner.Advance(Monday + hour);
            Observe(learner, ["late"]);
        }

        Assert.Equal("late", Assert.Single(learner.Predict(Monday + 12, 1, 0)).Key);
        Assert.Equal(256, learner.Count);
    }

    [Fact]
    public void Keys_that_come_once_do_not_take_the_places_of_others_not_even_of_weak_ones()
    {
        var learner = new KeyLearner(256);
        learner.Advance(Monday);
        Observe(learner, [.. Enumerable.Range(0, 256).Select(i => $"weak:{i}")]);
        learner.Advance(Monday + 1);
        Observe(learner, [.. Enumerable.Range(0, 200).Select(i => $"scan:{i}")]);
        learner.Advance(Monday + 2);

        Assert.InRange(learner.Predict(Monday + 2, 1000, 0).Count(guess => guess.Key.StartsWith("weak", StringComparison.Ordinal)), 225, 256);
    }

    [Fact]
    public void Keys_that_are_not_read_any_more_are_forgotten_and_very_long_ones_are_not_followed()
    {
        var learner = Follow(days: 1, Busy);
        Observe(learner, [new string('x', KeyLearner.LongestKey + 1)]);
        for (var hour = 0; hour < 40 * 24; hour++)
        {
            learner.Advance(Monday + 24 + hour);
        }

        Assert.Equal((0, 0L), (learner.Count, learner.EstimatedBytes));
    }

    [Fact]
    public void The_hours_on_a_weekday_are_counted_as_a_calendar_counts_them()
    {
        for (var hourOfDay = 0; hourOfDay < 24; hourOfDay++)
        {
            var target = (3 * 24) + hourOfDay + (24 * 7 * 10);
            for (var age = 0; age < 24 * 7 * 4; age += 5)
            {
                var counted = Enumerable.Range(target - age, age).Count(hour => (hour / 24) % 7 == (target / 24) % 7);
                Assert.Equal(counted, KeyFeatures.HoursOfWeekday(age, hourOfDay));
            }
        }
    }

    internal static KeyLearner Follow(int days, Func<long, Random, string[]> reads)
    {
        var (learner, random) = (new KeyLearner(4096), new Random(7));
        for (var hour = 0; hour < days * 24; hour++)
        {
            learner.Advance(Monday + hour);
            Observe(learner, reads(Monday + hour, random));
        }

        return learner;
    }

    internal static string[] Busy(long hour, Random random) =>
        [.. Enumerable.Range(0, 100).Where(i => random.NextDouble() < 1.0 / (1 + (i / 5))).Select(i => $"k:{i}")];

    internal static void Observe(KeyLearner learner, params string[] keys)
    {
        foreach (var key in keys)
        {
            learner.Observe(key, string.GetHashCode(key, StringComparison.Ordinal));
        }
    }

    private static double ProbabilityAt(KeyLearner learner, long hour, string key)
    {
        learner.Advance(hour);
        return learner.Predict(hour, 1000, 0).Single(guess => guess.Key == key).Probability;
    }

    private static void AssertBeatsNaiveChoices(List<Dictionary<string, int>> log, long firstHour, int trainingHours)
    {
        foreach (var most in new[] { 25, 50, 100, 200 })
        {
            var learner = new KeyLearner(16_384);
            var (ours, matched, theirs) = ((Hits: 0, Named: 0), new int[3], new int[3]);
            var named = new int[3];
            foreach (var (index, reads) in log.Index())
            {
                learner.Advance(firstHour + index);
                if (index >= trainingHours)
                {
                    var ranked = learner.Predict(firstHour + index, most, 0).Select(guess => guess.Key).ToArray();
                    ours = (ours.Hits + ranked.Count(reads.ContainsKey), ours.Named + ranked.Length);
                    foreach (var (rival, hours) in new[] { log[(index - 24)..(index - 23)], log[(index - 24)..index], log[(index - 1)..index] }.Index())
                    {
                        var top = HourlyReads.Top(hours, most).ToArray();
                        theirs[rival] += top.Count(reads.ContainsKey);
                        matched[rival] += ranked.Take(top.Length).Count(reads.ContainsKey);
                        named[rival] += top.Length;
                    }
                }

                Observe(learner, [.. reads.Keys]);
            }

            for (var rival = 0; rival < 3; rival++)
            {
                Assert.True(matched[rival] > theirs[rival], $"N = {most}, rival {rival}: {matched[rival]} hits of {named[rival]}, the rival has {theirs[rival]}");
                Assert.True(ours.Hits > theirs[rival], $"N = {most}, rival {rival}: {ours.Hits} of {ours.Named} against {theirs[rival]} of {named[rival]}");
            }
        }
    }

    private static (long First, List<Dictionary<string, int>> Log) ReadAccessLog()
    {
        using var file = File.OpenRead(Path.Combine(RepositoryRoot.Path, "bench", "data", "access-log", "access.tsv.gz"));
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        var (first, log) = (-1L, new List<Dictionary<string, int>>());
        while (reader.ReadLine()?.Split('\t') is { } fields)
        {
            var hour = long.Parse(fields[0], System.Globalization.CultureInfo.InvariantCulture) / 3600;
            first = first < 0 ? hour : first;
            while (log.Count <= hour - first)
            {
                log.Add(new Dictionary<string, int>(StringComparer.Ordinal));
            }

            log[^1][fields[3]] = log[^1].GetValueOrDefault(fields[3]) + 1;
        }

        return (first, log);
    }
}
