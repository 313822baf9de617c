using System.Globalization;

namespace Millrace.Jobs.Tests.Scheduling;

/// <summary>London: forward on 29 March 2026 at 01:00 GMT, back on 25 October at 02:00 BST. New York: forward on 8 March at 02:00 EST,
/// back on 1 November at 02:00 EDT.</summary>
[Trait("req", "J-04"), Trait("peer", "10")]
public sealed class CronDaylightSavingTests
{
    [Theory]

    // Forward: a listed hour in the gap runs once, right after it; the next day is as usual.
    [InlineData("America/New_York", "30 2 * * *", "2026-03-08T00:00:00-05:00", "03-08T03:00-04:00", "03-09T02:30-04:00")]
    [InlineData("America/New_York", "0 2,3 * * *", "2026-03-08T00:00:00-05:00", "03-08T03:00-04:00", "03-09T02:00-04:00")]
    [InlineData("America/New_York", "*/15 2 * * *", "2026-03-08T00:00:00-05:00", "03-08T03:00-04:00", "03-09T02:00-04:00")]
    [InlineData("Europe/London", "15,45 1 * * *", "2026-03-28T12:00:00+00:00", "03-29T02:00+01:00", "03-30T01:15+01:00")]

    // Forward: a pattern of hours goes on.
    [InlineData("America/New_York", "30 * * * *", "2026-03-08T01:00:00-05:00", "03-08T01:30-05:00", "03-08T03:30-04:00", "03-08T04:30-04:00")]
    [InlineData("America/New_York", "*/30 * * * *", "2026-03-08T01:15:00-05:00", "03-08T01:30-05:00", "03-08T03:00-04:00", "03-08T03:30-04:00")]
    [InlineData("Europe/London", "0 */1 * * *", "2026-03-29T00:00:00+00:00", "03-29T02:00+01:00", "03-29T03:00+01:00")]

    // Back: fixed times run once, in the first pass.
    [InlineData("America/New_York", "30 1 * * *", "2026-11-01T00:00:00-04:00", "11-01T01:30-04:00", "11-02T01:30-05:00")]
    [InlineData("America/New_York", "0 1-3 * * *", "2026-11-01T00:00:00-04:00", "11-01T01:00-04:00", "11-01T02:00-05:00", "11-01T03:00-05:00")]
    [InlineData("Europe/London", "0 1,2 * * *", "2026-10-25T00:00:00+01:00", "10-25T01:00+01:00", "10-25T02:00+00:00", "10-26T01:00+00:00")]

    // Back: the question comes from within the second pass.
    [InlineData("America/New_York", "45 1 * * *", "2026-11-01T01:30:00-05:00", "11-02T01:45-05:00")]

    // Back: a pattern runs every real interval.
    [InlineData("America/New_York", "30 * * * *", "2026-11-01T00:45:00-04:00", "11-01T01:30-04:00", "11-01T01:30-05:00", "11-01T02:30-05:00")]
    [InlineData("America/New_York", "*/20 1 * * *", "2026-11-01T01:30:00-04:00", "11-01T01:40-04:00", "11-01T01:00-05:00", "11-01T01:20-05:00", "11-01T01:40-05:00", "11-02T01:00-05:00")]
    [InlineData("Europe/London", "*/30 * * * *", "2026-10-25T00:45:00+01:00", "10-25T01:00+01:00", "10-25T01:30+01:00", "10-25T01:00+00:00", "10-25T01:30+00:00", "10-25T02:00+00:00")]

    // A gap of half an hour (Lord Howe, 4 October at 02:00), one at midnight (Beirut, 29 March).
    [InlineData("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00:00+10:30", "10-04T02:30+11:00", "10-05T02:15+11:00")]
    [InlineData("Asia/Beirut", "30 0 * * *", "2026-03-28T12:00:00+02:00", "03-29T01:00+03:00", "03-30T00:30+03:00")]
    public void Occurrences_follow_each_other_through_the_change(string zone, string expression, string after, params string[] expected)
    {
        var parsed = CronExpression.Parse(expression);
        var time = DateTimeOffset.Parse(after, CultureInfo.InvariantCulture);
        var actual = new List<string>();
        while (actual.Count < expected.Length)
        {
            time = parsed.GetNextOccurrence(time, TimeZoneInfo.FindSystemTimeZoneById(zone))!.Value;
            actual.Add(time.ToString("MM-ddTHH:mmzzz", CultureInfo.InvariantCulture));
        }

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void A_day_that_a_zone_skipped_runs_at_its_end()
    {
        // Samoa had no 30 December 2011.
        var next = CronExpression.Parse("0 12 30 12 *").GetNextOccurrence(
            new DateTimeOffset(2011, 12, 1, 0, 0, 0, TimeSpan.Zero), TimeZoneInfo.FindSystemTimeZoneById("Pacific/Apia"));

        Assert.Equal(new DateTimeOffset(2011, 12, 30, 10, 0, 0, TimeSpan.Zero), next!.Value.ToUniversalTime());
    }

    [Theory]
    [InlineData("Europe/London")]
    [InlineData("America/New_York")]
    [InlineData("Australia/Lord_Howe")]
    public void Every_quarter_of_an_hour_is_a_quarter_of_an_hour_for_a_whole_year(string zone)
    {
        var expression = CronExpression.Parse("*/15 * * * *");
        var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var time = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (var i = 0; i < 366 * 96; i++)
        {
            var next = expression.GetNextOccurrence(time, info)!.Value;
            Assert.Equal(TimeSpan.FromMinutes(15), next - time);
            time = next;
        }
    }

    [Theory]
    [InlineData("Europe/London")]
    [InlineData("America/New_York")]
    [InlineData("Asia/Beirut")]
    [InlineData("Australia/Lord_Howe")]
    public void A_daily_time_runs_once_on_every_day_of_ten_years_whatever_the_time(string zone)
    {
        var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        foreach (var text in (string[])["0 0 * * *", "30 0 * * *", "30 1 * * *", "15 2 * * *", "59 23 * * *"])
        {
            var expression = CronExpression.Parse(text);
            DateTimeOffset? time = new DateTimeOffset(2026, 1, 1, 23, 59, 30, info.GetUtcOffset(new DateTime(2026, 1, 1)));
            for (var day = new DateOnly(2026, 1, 2); day.Year < 2036; day = day.AddDays(1))
            {
                time = expression.GetNextOccurrence(time!.Value, info);
                Assert.Equal(day, DateOnly.FromDateTime(time!.Value.DateTime));
            }
        }
    }
}
