using System.Globalization;
using System.Text;

namespace Township.Modules.Projects;

/// <summary>
/// What a resident typed, made safe and equal: at most 100 characters and 6 words, lower case, no accents, no repeats. Two
/// queries that mean the same share one cache entry.
/// </summary>
internal sealed record SearchQuery(string Text, IReadOnlyList<string> Words)
{
    public const int MaximumLength = 100;
    private const int MaximumWords = 6;

    /// <summary>At least one word of two characters or more.</summary>
    public bool IsUsable => Words.Count > 0;

    public static SearchQuery Parse(string? text)
    {
        var bounded = text is null ? "" : text.Length > MaximumLength ? text[..MaximumLength] : text;
        string[] words =
        [
            .. Fold(bounded)
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                .Where(static word => word.Length >= 2)
                .Distinct(StringComparer.Ordinal)
                .Take(MaximumWords)
                .Order(StringComparer.Ordinal),
        ];
        return new SearchQuery(bounded.Trim(), words);
    }

    /// <summary>Lower case without accents or control characters, as the index holds its words.</summary>
    public static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            folded.Append(Rune.IsControl(rune) || rune == Rune.ReplacementChar ? " " : rune.ToString());
        }

        var plain = new StringBuilder(folded.Length);
        foreach (var character in folded.ToString().Normalize(NormalizationForm.FormD))
        {
            if (CharUnicodeInfo.GetUnicodeCategory(character) != UnicodeCategory.NonSpacingMark)
            {
                plain.Append(char.ToLowerInvariant(character));
            }
        }

        return plain.ToString();
    }

    /// <summary>The pattern for <c>like … escape '\'</c> that finds the word anywhere and takes its own signs literally.</summary>
    public static string Pattern(string word) =>
        "%" + word.Replace("\\", "\\\\").Replace("%", "\\%").Replace("_", "\\_") + "%";
}
