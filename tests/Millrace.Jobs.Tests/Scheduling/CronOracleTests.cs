using System.Globalization;

namespace Millrace.Jobs.Tests.Scheduling;

/// <summary>Quartz answers the same questions, where the two syntaxes mean the same: six fields, one of the day fields a question mark, days of
/// the week by name, UTC.</summary>
[Trait("req", "J-04")]
public sealed class CronOracleTests
{
    private static readonly string[] Months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    [Theory]
    [InlineData(1)]
    [InlineData(20_261_120)]
    [InlineData(4_711)]
    public void Random_expressions_have_the_occurrences_that_Quartz_finds(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 700; i++)
        {
            var text = RandomExpression(random);
            var ours = CronExpression.Parse(text);
            var theirs = new Quartz.CronExpression(text, TimeZoneInfo.Utc);
            DateTimeOffset? time = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.Next(4 * 365 * 86_400));
            for (var n = 0; n < 6 && time is { } after; n++)
            {
                var expected = theirs.GetNextValidTimeAfter(after);
                time = ours.GetNextOccurrence(after, TimeZoneInfo.Utc);
                Assert.True(expected == time, $"seed {seed}: '{text}' after {after:u}: Quartz {expected:u}, ours {time:u}");
            }
        }
    }

    private static string RandomExpression(Random random)
    {
        var time = $"{Field(random, 0, 59)} {Field(random, 0, 59)} {Field(random, 0, 23)}";
        var month = random.Next(3) == 0 ? Named(random, Months) : Field(random, 1, 12);
        return random.Next(2) == 0
            ? $"{time} {DayOfMonth(random)} {month} ?"
            : $"{time} ? {month} {DayOfWeek(random)}";
    }

    private static string DayOfMonth(Random random) => random.Next(6) switch
    {
        0 => "L",
        1 => "LW",
        2 => string.Create(CultureInfo.InvariantCulture, $"L-{random.Next(1, 27)}"),
        3 => string.Create(CultureInfo.InvariantCulture, $"{random.Next(1, 29)}W"),
        _ => Field(random, 1, 31),
    };

    private static string DayOfWeek(Random random) => random.Next(4) switch
    {
        0 => $"{Days[random.Next(7)]}L",
        1 => string.Create(CultureInfo.InvariantCulture, $"{Days[random.Next(7)]}#{random.Next(1, 6)}"),
        _ => Named(random, Days),
    };

    private static string Named(Random random, string[] names)
    {
        var from = random.Next(names.Length);
        return random.Next(4) switch
        {
            0 => "*",
            1 => names[from],
            2 => $"{names[from]},{names[random.Next(names.Length)]}",
            _ => $"{names[random.Next(from + 1)]}-{names[from]}",
        };
    }

    private static string Field(Random random, int minimum, int maximum)
    {
        var items = new string[random.Next(4) == 0 ? random.Next(2, 4) : 1];
        for (var i = 0; i < items.Length; i++)
        {
            var from = random.Next(minimum, maximum + 1);
            var to = random.Next(from, maximum + 1);
            var step = random.Next(1, maximum);
            items[i] = string.Create(CultureInfo.InvariantCulture, $"{random.Next(7) switch
            {
                0 when items.Length == 1 => "*",
                1 when items.Length == 1 => $"*/{step}",
                2 => $"{from}/{step}",
                3 => $"{from}-{to}/{step}",
                4 => $"{from}-{to}",
                _ => from.ToString(CultureInfo.InvariantCulture),
            }}");
        }

        return string.Join(',', items);
    }
}
