namespace Millrace.Redis.Configuration;

/// <summary>What is said about a key that is not in <see cref="OptionTable"/>.</summary>
internal static class UnknownKey
{
    private const int MaximumLength = 40;
    private const int MaximumDistance = 3;

    public static string Describe(ConnectionEntry entry, bool afterSecret)
    {
        if (OptionTable.Unsupported.TryGetValue(entry.Key, out var remedy))
        {
            return $"The key {entry.Key} of the connection string is not supported: {remedy}.";
        }

        var closest = Closest(entry.Key);
        if (!LooksLikeKey(entry.Key) || (afterSecret && closest is null))
        {
            return $"Entry {entry.Position} of the connection string has no known key. It is not shown, as it may be a piece of a password: "
                + "a comma or '&' in a password is written %2C or %26, in the form redis://.";
        }

        return closest is null
            ? $"The key {entry.Key} of the connection string is unknown: keys are the names of the options of RedisOptions."
            : $"The key {entry.Key} of the connection string is unknown: is {closest} meant?";
    }

    private static bool LooksLikeKey(string key) =>
        key.Length is > 0 and <= MaximumLength && key.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');

    private static string? Closest(string key)
    {
        if (key.Length is 0 or > MaximumLength)
        {
            return null;
        }

        var best = OptionTable.Keys.Keys.Concat(OptionTable.Unsupported.Keys)
            .Select(known => (known, distance: Distance(known.ToUpperInvariant(), key.ToUpperInvariant())))
            .MinBy(static pair => pair.distance);
        return best.distance <= Math.Min(MaximumDistance, Math.Max(1, key.Length / 3)) ? best.known : null;
    }

    /// <summary>The edits between two words (Levenshtein).</summary>
    private static int Distance(string first, string second)
    {
        var row = Enumerable.Range(0, second.Length + 1).ToArray();
        for (var i = 1; i <= first.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= second.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (first[i - 1] == second[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
