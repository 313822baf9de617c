using System.Globalization;

namespace Millrace.Jobs.Tests.Scheduling;

[Trait("req", "J-04")]
public sealed class CronExpressionTests
{
    // Expressions and meanings as published in crontab(5), the Quartz tutorial and the README of Cronos.
    [Theory]
    [InlineData("5 0 * * *", "2026-01-01T00:05:00", "2026-01-02T00:05:00")] // crontab(5): five minutes after midnight, every day
    [InlineData("15 14 1 * *", "2026-01-01T00:00:00", "2026-01-01T14:15:00")] // crontab(5): 14:15 on the first of every month
    [InlineData("15 14 1 * *", "2026-01-01T14:15:00", "2026-02-01T14:15:00")]
    [InlineData("0 22 * * 1-5", "2026-01-02T22:00:00", "2026-01-05T22:00:00")] // crontab(5): weekdays at 22:00; 2 January is a Friday
    [InlineData("23 0-23/2 * * *", "2026-01-01T00:23:00", "2026-01-01T02:23:00")] // crontab(5): every second hour
    [InlineData("5 4 * * sun", "2026-01-01T00:00:00", "2026-01-04T04:05:00")] // crontab(5): Sundays
    [InlineData("30 4 1,15 * 5", "2026-01-01T04:30:00", "2026-01-02T04:30:00")] // crontab(5): the 1st, the 15th and every Friday
    [InlineData("30 4 1,15 * 5", "2026-01-09T04:30:00", "2026-01-15T04:30:00")]
    [InlineData("0 0 13 * FRI", "2026-01-09T00:00:00", "2026-01-13T00:00:00")] // both restricted: either
    [InlineData("0 0 */2 * FRI", "2026-01-01T00:00:00", "2026-01-09T00:00:00")] // one starts with a star: both
    [InlineData("0 0 13 * ?", "2026-01-01T00:00:00", "2026-01-13T00:00:00")]
    [InlineData("0 0 ? * FRI", "2026-01-03T00:00:00", "2026-01-09T00:00:00")]
    [InlineData("0 0 12 * * ?", "2026-01-01T00:00:00", "2026-01-01T12:00:00")] // Quartz: at 12 pm every day
    [InlineData("0 10,44 14 ? 3 WED", "2026-01-01T00:00:00", "2026-03-04T14:10:00")] // Quartz: 14:10 and 14:44 on Wednesdays in March
    [InlineData("0 15 10 L-2 * ?", "2026-02-01T00:00:00", "2026-02-26T10:15:00")] // Quartz: second-to-last day
    [InlineData("0 15 10 ? * 5L", "2026-01-01T00:00:00", "2026-01-30T10:15:00")] // the last Friday (cron's numbers)
    [InlineData("0 15 10 ? * FRI#3", "2026-01-01T00:00:00", "2026-01-16T10:15:00")] // Quartz: the third Friday
    [InlineData("0 11 11 11 11 ?", "2026-01-01T00:00:00", "2026-11-11T11:11:00")] // Quartz: 11 November at 11:11
    [InlineData("30,45-15/2 1 * * *", "2026-01-01T00:30:00", "2026-01-01T01:01:00")] // Cronos: wrapped range 45-15 by two
    [InlineData("30,45-15/2 1 * * *", "2026-01-01T01:29:00", "2026-01-01T01:30:00")]
    [InlineData("0 22-1 * * *", "2026-01-01T01:00:00", "2026-01-01T22:00:00")] // Cronos: reversed range
    [InlineData("0 0 1 DEC-FEB *", "2026-02-01T00:00:00", "2026-12-01T00:00:00")]
    [InlineData("0 0 3W * *", "2026-01-01T00:00:00", "2026-01-02T00:00:00")] // the 3rd is a Saturday: Friday the 2nd
    [InlineData("0 0 1W * *", "2026-07-31T12:00:00", "2026-08-03T00:00:00")] // the 1st is a Saturday: never July, so Monday the 3rd
    [InlineData("0 0 31W * *", "2026-05-01T00:00:00", "2026-05-29T00:00:00")] // the 31st is a Sunday at the month's end: Friday
    [InlineData("0 0 31W * *", "2026-06-01T00:00:00", "2026-07-31T00:00:00")] // June has no 31st
    [InlineData("0 0 LW * *", "2026-01-01T00:00:00", "2026-01-30T00:00:00")] // the last weekday
    [InlineData("0 0 L-1W * *", "2026-05-01T00:00:00", "2026-05-29T00:00:00")]
    [InlineData("0 0 15,L * *", "2026-02-15T00:00:00", "2026-02-28T00:00:00")]
    [InlineData("0 0 * * MON#1,FRI#5", "2026-01-05T00:00:00", "2026-01-30T00:00:00")]
    [InlineData("0 0 L * *", "2028-02-01T00:00:00", "2028-02-29T00:00:00")] // the last day of a leap February
    [InlineData("0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00")]
    [InlineData("0 0 29 2 *", "2096-02-29T00:00:00", "2104-02-29T00:00:00")] // 2100 is no leap year
    [InlineData("0 0 29 2 */7", "2026-01-01T00:00:00", "2032-02-29T00:00:00")] // on a Sunday
    [InlineData("0 0 29 2 */7", "2088-02-29T00:00:00", "2128-02-29T00:00:00")] // the rarest date: 40 years
    [InlineData("0 0 * * 7", "2026-01-01T00:00:00", "2026-01-04T00:00:00")] // 7 is Sunday
    [InlineData("0 0 * * 5-7", "2026-01-03T00:00:00", "2026-01-04T00:00:00")]
    [InlineData("0 0 * * FRI-MON", "2026-01-05T00:00:00", "2026-01-09T00:00:00")]
    [InlineData("*/20 * * * * *", "2026-01-01T00:00:40", "2026-01-01T00:01:00")] // six fields: seconds first
    [InlineData("59 59 23 31 12 *", "2026-01-01T00:00:00", "2026-12-31T23:59:59")]
    [InlineData("10/15 * * * *", "2026-01-01T00:00:00", "2026-01-01T00:10:00")] // from 10 on
    [InlineData("10/15 * * * *", "2026-01-01T00:55:00", "2026-01-01T01:10:00")]
    [InlineData("  0\t0  1 jAn  * ", "2026-01-01T00:00:00", "2027-01-01T00:00:00")]
    [InlineData("@hourly", "2026-01-01T00:00:00", "2026-01-01T01:00:00")]
    [InlineData("@daily", "2026-01-01T00:00:00", "2026-01-02T00:00:00")]
    [InlineData("@midnight", "2026-01-01T00:00:00", "2026-01-02T00:00:00")]
    [InlineData("@weekly", "2026-01-01T00:00:00", "2026-01-04T00:00:00")]
    [InlineData("@monthly", "2026-01-01T00:00:00", "2026-02-01T00:00:00")]
    [InlineData("@YEARLY", "2026-01-01T00:00:00", "2027-01-01T00:00:00")]
    [InlineData("@annually", "2026-01-01T00:00:00", "2027-01-01T00:00:00")]
    public void Next_occurrence_is_the_published_one(string expression, string after, string expected) =>
        Assert.Equal(Utc(expected), CronExpression.Parse(expression).GetNextOccurrence(Utc(after), TimeZoneInfo.Utc));

    [Theory]
    [InlineData("0 0 30 2 *")]
    [InlineData("0 0 31 4,6,9,11 *")]
    [InlineData("0 0 L-30 2 *")]
    public void A_date_that_never_comes_has_no_occurrence(string expression)
    {
        Assert.Null(CronExpression.Parse(expression).GetNextOccurrence(Utc("2026-01-01T00:00:00"), TimeZoneInfo.Utc));
        Assert.Null(CronExpression.Parse(expression).GetNextOccurrence(Utc("2026-01-01T00:00:00"), TimeZoneInfo.FindSystemTimeZoneById("Europe/London")));
    }

    [Fact]
    public void The_ends_of_the_calendar_have_no_occurrence_and_do_no_harm()
    {
        Assert.Null(CronExpression.Parse("* * * * *").GetNextOccurrence(DateTimeOffset.MaxValue, TimeZoneInfo.Utc));
        Assert.Null(CronExpression.Parse("0 0 1 1 *").GetNextOccurrence(Utc("9999-06-01T00:00:00"), TimeZoneInfo.FindSystemTimeZoneById("Asia/Tokyo")));
    }

    [Fact]
    public void Fractions_of_a_second_are_kept_apart_from_the_second()
    {
        var everySecond = CronExpression.Parse("* * * * * *");
        Assert.Equal(Utc("2026-01-01T00:00:01"), everySecond.GetNextOccurrence(Utc("2026-01-01T00:00:00").AddTicks(1), TimeZoneInfo.Utc));
        Assert.Equal(Utc("2026-01-01T00:00:00"), everySecond.GetNextOccurrence(Utc("2026-01-01T00:00:00").AddTicks(-1), TimeZoneInfo.Utc));
    }

    [Fact]
    public void The_answer_does_not_depend_on_the_offset_of_the_question()
    {
        var expression = CronExpression.Parse("0 9 * * *");
        var london = TimeZoneInfo.FindSystemTimeZoneById("Europe/London");
        var utc = new DateTimeOffset(2026, 7, 1, 7, 30, 0, TimeSpan.Zero);
        Assert.Equal(expression.GetNextOccurrence(utc, london), expression.GetNextOccurrence(utc.ToOffset(TimeSpan.FromHours(-7)), london));
        Assert.Equal("2026-07-01T09:00:00+01:00", Text(expression.GetNextOccurrence(utc, london)));
    }

    [Theory]
    [InlineData("", "it has 0 fields")]
    [InlineData("* * * *", "it has 4 fields; write 5 (minute, hour, day of month, month, day of week) or 6 (second first)")]
    [InlineData("0 0 0 1 1 ? 2026", "it has 7 fields")]
    [InlineData("60 * * * *", "minute '60': it takes 0 to 59")]
    [InlineData("-1 * * * *", "minute '-1': it takes 0 to 59")]
    [InlineData("60 * * * * *", "second '60': it takes 0 to 59")]
    [InlineData("* 24 * * *", "hour '24': it takes 0 to 23")]
    [InlineData("* * 0 * *", "day of month '0': it takes 1 to 31")]
    [InlineData("* * 32W * *", "day of month '32W': it takes 1 to 31; the forms with letters are L, L-n, LW, L-nW and nW")]
    [InlineData("* * L-31 * *", "day of month 'L-31'")]
    [InlineData("* * W * *", "day of month 'W'")]
    [InlineData("* * * 13 *", "month '13': it takes 1 to 12 or JAN to DEC")]
    [InlineData("* * * JANUARY *", "month 'JANUARY'")]
    [InlineData("* * * * 8", "day of week '8': it takes 0 to 7 or SUN to SAT")]
    [InlineData("* * * * L", "day of week 'L': it takes 0 to 7 or SUN to SAT; the forms for a day within the month are nL (the last) and n#1 to n#5")]
    [InlineData("* * * * MON#6", "day of week 'MON#6'")]
    [InlineData("* * * * MON#", "day of week 'MON#'")]
    [InlineData("*/0 * * * *", "minute '*/0': the step must be a number from 1 to 59")]
    [InlineData("*/90 * * * *", "minute '*/90': the step must be a number from 1 to 59")]
    [InlineData("*/ * * * *", "minute '*/': the step")]
    [InlineData("1,,2 * * * *", "minute '1,,2': the list has an empty place")]
    [InlineData("1- * * * *", "minute '1-': it takes 0 to 59")]
    [InlineData("1-2-3 * * * *", "minute '1-2-3'")]
    [InlineData("? * * * *", "minute '?': '?' is for the day fields only")]
    [InlineData("1? * * * *", "minute '1?'")]
    [InlineData("1.5 * * * *", "minute '1.5'")]
    [InlineData("٣ * * * *", "minute '٣'")]
    [InlineData("@every 5m", "'@every' is an interval")]
    [InlineData("@reboot", "the macro '@reboot' is unknown")]
    public void Text_that_is_not_cron_is_refused_naming_field_value_and_range(string expression, string message)
    {
        Assert.False(CronExpression.TryParse(expression, out _, out var error));
        Assert.StartsWith($"The cron expression '{expression}' is not valid: ", error);
        Assert.Contains(message, error);
        Assert.Equal(error, Assert.Throws<FormatException>(() => CronExpression.Parse(expression)).Message);
    }

    [Fact]
    public void Null_and_overlong_text_is_refused()
    {
        Assert.False(CronExpression.TryParse(null, out _));
        Assert.False(CronExpression.TryParse(new string('1', 257), out _, out var error));
        Assert.Equal("The cron expression has 257 characters; it takes at most 256.", error);
    }

    [Fact]
    public void Random_text_never_throws_and_what_parses_can_be_asked()
    {
        const int Seed = 20_261_120;
        const string Alphabet = "0123456789*/-,LW#?JANMONFRI@";
        var random = new Random(Seed);
        var parsed = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var parts = new string[random.Next(5, 7)];
            for (var part = 0; part < parts.Length; part++)
            {
                parts[part] = random.Next(3) == 0 ? "*" : new string(random.GetItems<char>(Alphabet, random.Next(1, 5)));
            }

            var text = string.Join(' ', parts);
            if (CronExpression.TryParse(text, out var expression, out _))
            {
                parsed++;
                var after = Utc("2026-01-01T00:00:00");
                var next = expression.GetNextOccurrence(after, TimeZoneInfo.Utc);
                Assert.True(next is null || next > after, $"seed {Seed}, '{expression}'");
            }
        }

        Assert.True(parsed > 10, $"seed {Seed} parsed {parsed}");
    }

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static string? Text(DateTimeOffset? time) => time?.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);
}
