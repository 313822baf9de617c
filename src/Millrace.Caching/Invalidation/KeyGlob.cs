namespace Millrace.Caching.Invalidation;

/// <summary>A pattern of keys: text in which each <c>*</c> stands for any characters, also none; everything else stands for itself.</summary>
/// <remarks>Immutable. Matching takes time proportional to the key's length times the pattern's at most; both are bounded.</remarks>
internal sealed class KeyGlob
{
    /// <summary>The most characters of a pattern.</summary>
    public const int MaximumLength = 512;

    /// <summary>The most <c>*</c> in a pattern.</summary>
    public const int MaximumStars = 8;

    private readonly int _firstStar;

    private KeyGlob(string text, int firstStar) => (Text, _firstStar) = (text, firstStar);

    /// <summary>The pattern as it was given.</summary>
    public string Text { get; }

    /// <exception cref="ArgumentException">The text is no pattern; the message says why.</exception>
    public static KeyGlob Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var error) ?? throw new ArgumentException(error, nameof(text));
    }

    /// <summary>Null where the text is no pattern; then <paramref name="error"/> says why.</summary>
    public static KeyGlob? TryParse(string text, out string? error)
    {
        var stars = text.AsSpan().Count('*');
        error = text.Length is 0 or > MaximumLength
            ? $"A key pattern has 1 to {MaximumLength} characters; this one has {text.Length}."
            : stars is 0 or > MaximumStars
                ? $"The key pattern '{text}' has {stars} '*'; it needs 1 to {MaximumStars}. To invalidate one key, remove it."
                : text.Any(char.IsControl)
                    ? "A key pattern must not contain control characters."
                    : null;
        return error is null ? new KeyGlob(text, text.IndexOf('*', StringComparison.Ordinal)) : null;
    }

    /// <summary>Whether a key fits. Greedy, with one point of return: the last <c>*</c> passed.</summary>
    public bool Matches(ReadOnlySpan<char> key)
    {
        var pattern = Text.AsSpan();
        if (!key.StartsWith(pattern[.._firstStar], StringComparison.Ordinal))
        {
            return false;
        }

        var (p, k, star, resume) = (_firstStar, _firstStar, -1, 0);
        while (k < key.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, resume) = (p++, k);
            }
            else if (p < pattern.Length && pattern[p] == key[k])
            {
                p++;
                k++;
            }
            else if (star >= 0)
            {
                (p, k) = (star + 1, ++resume);
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].TrimStart('*').IsEmpty;
    }

    public override string ToString() => Text;
}
