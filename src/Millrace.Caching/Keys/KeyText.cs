using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Millrace.Caching.Keys;

// How the parts of a key are written.
//
// Segments stand between colons. A part is written as its invariant text, in which these characters are replaced by % and two hexadecimal digits:
// control characters (0x00-0x1F, 0x7F-0x9F), '%', ':', '*', '{' and '}'. So a part is one segment, whatever it holds: it cannot end its segment,
// cannot act as a pattern, and cannot choose a slot of a cluster. Unescaping gives the text back, so different texts are different segments, and
// lists of parts that differ give different keys.
internal static class KeyText
{
    /// <summary>The most characters of a key that a builder makes; what a cache takes by default.</summary>
    public const int MaximumLength = 1024;

    private const int StackLength = 256;

    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Select(c => (char)c), '%', ':', '*', '{', '}']);

    /// <summary>A text as one segment. The same string where nothing is to be escaped.</summary>
    /// <exception cref="ArgumentException">The text holds half a character, or is too long.</exception>
    public static string Escape(string text)
    {
        Check(text);
        return text.AsSpan().ContainsAny(Escaped) ? EscapeSlow(text) : text;
    }

    /// <summary>A prefix, the parts that are there, and an end: one allocation, the string.</summary>
    public static string Make<T1, T2, T3>(string prefix, (int Count, T1 First, T2 Second, T3 Third) parts, string end)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[StackLength]);
        try
        {
            text.AppendLiteral(prefix);
            Append(ref text, parts.First);
            if (parts.Count > 1)
            {
                text.AppendLiteral(":");
                Append(ref text, parts.Second);
            }

            if (parts.Count > 2)
            {
                text.AppendLiteral(":");
                Append(ref text, parts.Third);
            }

            text.AppendLiteral(end);
            return text.Text.Length <= MaximumLength
                ? text.Text.ToString()
                : throw new ArgumentException(
                    $"A key under '{prefix}' would have {text.Text.Length} characters, {MaximumLength} are allowed. Hash its long part: CacheKeys.Hashed.", nameof(parts));
        }
        finally
        {
            text.Clear();
        }
    }

    /// <summary>Whether a builder can write parts of a type: text, truth, and whatever has a text that does not depend on a culture.</summary>
    public static bool IsPart(Type type) => type == typeof(string) || type == typeof(bool) || (typeof(ISpanFormattable).IsAssignableFrom(type) && Nullable.GetUnderlyingType(type) is null);

    /// <summary>The format in which a type is written: dates and times so that nothing is lost.</summary>
    public static string? Format(Type type) =>
        type == typeof(DateTime) || type == typeof(DateTimeOffset) || type == typeof(DateOnly) || type == typeof(TimeOnly) ? "O" : null;

    private static void Append<T>(ref DefaultInterpolatedStringHandler target, T part)
    {
        if (part is null)
        {
            throw new ArgumentNullException(nameof(part), "A part of a key must not be null; leave the entry out, or give the missing value a word of its own.");
        }

        if (typeof(T) == typeof(string))
        {
            AppendText(ref target, Unsafe.As<T, string>(ref part));
            return;
        }

        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[StackLength]);
        try
        {
            text.AppendFormatted(part, Format(typeof(T)));
            AppendText(ref target, text.Text);
        }
        finally
        {
            text.Clear();
        }
    }

    private static void AppendText(ref DefaultInterpolatedStringHandler target, scoped ReadOnlySpan<char> text)
    {
        Check(text);
        while (text.IndexOfAny(Escaped) is var at and >= 0)
        {
            target.AppendFormatted(text[..at]);
            target.AppendLiteral("%");
            target.AppendFormatted((byte)text[at], "X2");
            text = text[(at + 1)..];
        }

        target.AppendFormatted(text);
    }

    private static string EscapeSlow(string text)
    {
        var target = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[StackLength]);
        try
        {
            AppendText(ref target, text);
            return target.Text.ToString();
        }
        finally
        {
            target.Clear();
        }
    }

    private static void Check(ReadOnlySpan<char> text)
    {
        if (text.Length > MaximumLength)
        {
            throw new ArgumentException(
                $"A part of a key has {text.Length} characters, {MaximumLength} are allowed. Hash it: CacheKeys.Hashed.", nameof(text));
        }

        for (var rest = text; rest.IndexOfAnyInRange('\uD800', '\uDFFF') is var at and >= 0; rest = rest[(at + 2)..])
        {
            if (Rune.DecodeFromUtf16(rest[at..], out _, out _) != OperationStatus.Done)
            {
                throw new ArgumentException("A part of a key must be valid Unicode; it holds half a character.", nameof(text));
            }
        }
    }
}
