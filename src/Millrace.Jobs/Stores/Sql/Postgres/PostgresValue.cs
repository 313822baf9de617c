using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>Texts as PostgreSQL can keep them.</summary>
internal static class PostgresValue
{
    /// <summary>A text without what no UTF-8 database takes: the character zero, and halves of surrogate pairs (an error text may be cut
    /// in the middle of one). Such a text must not keep a job from ending.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Text(string? text)
    {
        if (text is null || !Needs(text))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) // gives U+FFFD for a half
        {
            clean.Append(rune.Value == 0 ? Rune.ReplacementChar : rune);
        }

        return clean.ToString();
    }

    private static bool Needs(string text)
    {
        foreach (var character in text)
        {
            if (character == '\0' || char.IsSurrogate(character))
            {
                return true;
            }
        }

        return false;
    }
}
