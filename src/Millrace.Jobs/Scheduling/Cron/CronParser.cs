using System.Buffers;
using System.Globalization;

namespace Millrace.Jobs.Scheduling.Cron;

/// <summary>Reads an expression's text. Grammar and meaning: <see cref="CronExpression"/>.</summary>
internal sealed class CronParser
{
    private static readonly SearchValues<char> SpecialCharacters = SearchValues.Create("LlWw#?");

    private readonly string _text;
    private readonly List<MonthDay> _monthDays = [];
    private readonly List<WeekDay> _weekDays = [];
    private string? _error;

    private CronParser(string text) => _text = text;

    /// <summary>The parsed fields, or null and what is wrong.</summary>
    public static CronFields? Parse(string text, out string? error)
    {
        var parser = new CronParser(text);
        var fields = parser.ParseExpression();
        error = parser._error;
        return error is null ? fields : null;
    }

    private CronFields? ParseExpression()
    {
        if (_text.Length > CronExpression.MaximumLength)
        {
            _error = string.Create(
                CultureInfo.InvariantCulture,
                $"The cron expression has {_text.Length} characters; it takes at most {CronExpression.MaximumLength}.");
            return null;
        }

        var expression = _text.Trim();
        var macro = expression.StartsWith('@') ? Macro(expression) : null;
        if (_error is not null)
        {
            return null;
        }

        var parts = (macro ?? expression).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is not (5 or 6))
        {
            Fail(string.Create(
                CultureInfo.InvariantCulture,
                $"it has {parts.Length} fields; write 5 (minute, hour, day of month, month, day of week) or 6 (second first)"));
            return null;
        }

        var p = parts.Length - 5; // where the minute is
        var timeParts = parts.AsSpan(0, p + 2);
        return new CronFields
        {
            Seconds = p == 0 ? 1 : ParseField(CronField.Second, parts[0]),
            Minutes = ParseField(CronField.Minute, parts[p]),
            Hours = ParseField(CronField.Hour, parts[p + 1]),
            DaysOfMonth = ParseField(CronField.DayOfMonth, parts[p + 2]),
            Months = ParseField(CronField.Month, parts[p + 3]),
            DaysOfWeek = ParseField(CronField.DayOfWeek, parts[p + 4]),
            MonthDays = _monthDays,
            WeekDays = _weekDays,
            EitherDay = !IsOpen(parts[p + 2]) && !IsOpen(parts[p + 4]),
            RepeatsByHour = HasPattern(parts[p + 1]),
            Repeats = HasPattern(timeParts[0]) || HasPattern(timeParts[1]) || HasPattern(timeParts[^1]),
        };
    }

    private string? Macro(string text)
    {
        var expression = text.ToUpperInvariant() switch
        {
            "@YEARLY" or "@ANNUALLY" => "0 0 1 1 *",
            "@MONTHLY" => "0 0 1 * *",
            "@WEEKLY" => "0 0 * * 0",
            "@DAILY" or "@MIDNIGHT" => "0 0 * * *",
            "@HOURLY" => "0 * * * *",
            _ => null,
        };
        if (expression is null)
        {
            Fail(text.StartsWith("@every", StringComparison.OrdinalIgnoreCase)
                ? "'@every' is an interval, not a time of the calendar, and not cron; write a step instead, such as '*/15 * * * *'"
                : $"the macro '{text}' is unknown; there are @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly");
        }

        return expression;
    }

    // Vixie cron's DOM_STAR and DOW_STAR: the field starts with a star, whatever follows it.
    private static bool IsOpen(string field) => field[0] is '*' or '?';

    private static bool HasPattern(string field) => field.AsSpan().ContainsAny('*', '/');

    private ulong ParseField(CronField field, string text)
    {
        if (text == "?")
        {
            if (field == CronField.DayOfMonth || field == CronField.DayOfWeek)
            {
                return field.All;
            }

            Fail(field, text, "'?' is for the day fields only; write '*'");
        }

        var mask = 0UL;
        foreach (var item in text.Split(','))
        {
            if (_error is not null)
            {
                return 0;
            }

            if (item.Length == 0)
            {
                Fail(field, text, "the list has an empty place");
            }
            else if (!(field == CronField.DayOfMonth && TryMonthDay(item)) && !(field == CronField.DayOfWeek && TryWeekDay(item)))
            {
                mask |= ParseItem(field, item);
            }
        }

        return mask;
    }

    // '*', 'a', 'a-b', each with an optional '/n'.
    private ulong ParseItem(CronField field, string item)
    {
        var slash = item.IndexOf('/', StringComparison.Ordinal);
        var range = slash < 0 ? item : item[..slash];
        var step = 1;
        if (slash >= 0 && !TryStep(field, item[(slash + 1)..], out step))
        {
            Fail(field, item, string.Create(CultureInfo.InvariantCulture, $"the step must be a number from 1 to {field.Maximum}"));
            return 0;
        }

        if (range == "*")
        {
            return field.Range(field.Minimum, field.Minimum + field.Count - 1, step);
        }

        var dash = range.IndexOf('-', StringComparison.Ordinal);
        var from = Value(field, dash < 0 ? range : range[..dash], item);
        var to = dash >= 0 ? Value(field, range[(dash + 1)..], item) : slash < 0 ? from : field.Minimum + field.Count - 1;
        if (dash < 0 && slash >= 0 && from > to)
        {
            to = from; // '7/2' in the day of week
        }

        return from is null || to is null ? 0 : field.Range(from.Value, to.Value, step);
    }

    private static bool TryStep(CronField field, string text, out int step) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out step) && step >= 1 && step <= field.Maximum;

    private int? Value(CronField field, string text, string item)
    {
        var value = field.Value(text);
        if (value is null)
        {
            var hint = (field == CronField.DayOfMonth || field == CronField.DayOfWeek) && text.AsSpan().ContainsAny(SpecialCharacters)
                ? $"; {Specials(field)}"
                : string.Empty;
            Fail(field, item, $"it takes {field.Allowed}{hint}");
        }

        return value;
    }

    private static string Specials(CronField field) => field == CronField.DayOfMonth
        ? "the forms with letters are L, L-n, LW, L-nW and nW"
        : "the forms for a day within the month are nL (the last) and n#1 to n#5";

    // L, L-n, LW, L-nW, nW
    private bool TryMonthDay(string item)
    {
        var weekday = item[^1] is 'W' or 'w';
        var rest = weekday ? item[..^1] : item;
        if (rest.Length == 0)
        {
            return false;
        }

        if (rest[0] is not ('L' or 'l'))
        {
            if (!weekday || CronField.DayOfMonth.Value(rest) is not { } day)
            {
                return false;
            }

            _monthDays.Add(new MonthDay(day, FromEnd: false, NearestWeekday: true));
            return true;
        }

        var before = 0;
        if (rest.Length > 1
            && (rest[1] != '-' || rest.Length > 4
                || !int.TryParse(rest.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out before) || before > 30))
        {
            return false;
        }

        _monthDays.Add(new MonthDay(before, FromEnd: true, weekday));
        return true;
    }

    // nL, n#k
    private bool TryWeekDay(string item)
    {
        var hash = item.IndexOf('#', StringComparison.Ordinal);
        var number = 0;
        var name = item[..^1];
        if (hash >= 0)
        {
            if (hash != item.Length - 2 || item[^1] is < '1' or > '5')
            {
                return false;
            }

            name = item[..hash];
            number = item[^1] - '0';
        }
        else if (item[^1] is not ('L' or 'l'))
        {
            return false;
        }

        if (CronField.DayOfWeek.Value(name) is not { } day)
        {
            return false;
        }

        _weekDays.Add(new WeekDay(day % 7, number));
        return true;
    }

    private void Fail(CronField field, string value, string reason) => Fail($"{field.Name} '{value}': {reason}");

    // The first fault is the one to report.
    private void Fail(string reason) => _error ??= $"The cron expression '{_text}' is not valid: {reason}.";
}
