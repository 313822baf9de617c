using System.Globalization;

namespace Township.Modules.Projects;

/// <summary>Calendar days, stored as `2026-11-20`, as people read them.</summary>
internal static class Days
{
    /// <summary>"20 Nov".</summary>
    public static string Short(string day) => Format(day, "d MMM");

    /// <summary>"20 November 2026".</summary>
    public static string Long(string day) => Format(day, "d MMMM yyyy");

    private static string Format(string day, string format) =>
        DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date.ToString(format, CultureInfo.InvariantCulture)
            : day;
}
