using System.Diagnostics.CodeAnalysis;
using Millrace.Jobs.Scheduling.Cron;

namespace Millrace.Jobs;

/// <summary>When a schedule runs: five cron fields (minute, hour, day of month, month, day of week), or six with seconds first.</summary>
/// <remarks>
/// <para><b>Fields.</b> second 0–59, minute 0–59, hour 0–23, day of month 1–31, month 1–12 or JAN–DEC, day of week 0–7 (0 and 7 are
/// Sunday) or SUN–SAT. Each takes <c>*</c>, values, lists <c>a,b</c>, ranges <c>a-b</c> (wrapping when a is after b, as <c>22-2</c>)
/// and steps <c>*/n</c>, <c>a-b/n</c>, <c>a/n</c> (from a to the field's end). Names and letters may be in any case. The day fields also
/// take <c>?</c>, the same as <c>*</c>. Day of month: <c>L</c> the last day, <c>L-n</c> n days before it, <c>15W</c> the weekday (Monday to
/// Friday) nearest to the 15th in the same month, <c>LW</c> the last weekday. Day of week: <c>5L</c> or <c>FRIL</c> the last Friday of
/// the month, <c>5#2</c> or <c>FRI#2</c> its second Friday. Macros: <c>@yearly</c> (<c>@annually</c>), <c>@monthly</c>, <c>@weekly</c>,
/// <c>@daily</c> (<c>@midnight</c>), <c>@hourly</c>.</para>
/// <para><b>Both day fields.</b> As in Vixie cron (crontab(5)): when both are restricted, a day that matches either runs:
/// <c>0 0 13 * FRI</c> is every 13th and every Friday. When one of them starts with <c>*</c>, or is <c>?</c>, both must match.</para>
/// <para><b>Daylight saving.</b> Fields are wall-clock times of the schedule's zone. When clocks go forward, times in the gap run once,
/// right after it, if the hours are listed (<c>30 2 * * *</c>), and are left out if the hour has a <c>*</c> or a step, because such a
/// pattern goes on after the gap. When clocks go back, patterns with a <c>*</c> or a step in second, minute or hour run through both
/// passes, so that <c>*/15 * * * *</c> runs every 15 real minutes; fixed times run in the first pass only. This is the rule of Vixie
/// cron (cron(8), "Notes" on clock changes under three hours) with the refinement of Cronos (its README, "Daylight Saving Time") that a
/// fixed hour is never lost to the gap even if the minutes are a pattern. Ranges count as lists of fixed times, as in Vixie cron.</para>
/// <para>Immutable and thread-safe.</para>
/// </remarks>
public sealed class CronExpression
{
    /// <summary>The longest expression that is parsed, in characters.</summary>
    public const int MaximumLength = 256;

    private readonly string _text;
    private readonly CronFields _fields;

    private CronExpression(string text, CronFields fields)
    {
        _text = text;
        _fields = fields;
    }

    /// <summary>Reads an expression.</summary>
    /// <exception cref="FormatException">The text is not a cron expression; the message names the field, the value and what is allowed.</exception>
    public static CronExpression Parse(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        return TryParse(expression, out var parsed, out var error) ? parsed : throw new FormatException(error);
    }

    /// <summary>Reads an expression; false when the text, or null, is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? expression, [NotNullWhen(true)] out CronExpression? result) =>
        TryParse(expression, out result, out _);

    /// <summary>Reads an expression; false, with what is wrong, when the text, or null, is not one.</summary>
    public static bool TryParse(
        [NotNullWhen(true)] string? expression,
        [NotNullWhen(true)] out CronExpression? result,
        [NotNullWhen(false)] out string? error)
    {
        var fields = CronParser.Parse(expression ?? string.Empty, out error);
        result = fields is null ? null : new CronExpression(expression!, fields);
        return result is not null;
    }

    /// <summary>The first time after <paramref name="after"/> at which the schedule runs, with the zone's offset at that time;
    /// null when there is none within 50 years (as for 30 February) or before the year 9999 ends.</summary>
    /// <param name="after">The time to start from, itself left out.</param>
    /// <param name="zone">Whose wall clock the fields are read on.</param>
    public DateTimeOffset? GetNextOccurrence(DateTimeOffset after, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        return Occurrences.Next(_fields, after, zone);
    }

    /// <summary>The expression as it was written.</summary>
    public override string ToString() => _text;
}
