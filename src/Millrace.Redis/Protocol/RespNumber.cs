using System.Buffers.Text;

namespace Millrace.Redis.Protocol;

/// <summary>The numbers of RESP as text.</summary>
internal static class RespNumber
{
    /// <summary>Parses a 64-bit integer with an optional sign.</summary>
    public static bool TryParseInteger(ReadOnlySpan<byte> text, out long value)
    {
        // Utf8Parser takes a leading plus sign, as RESP3 does.
        return Utf8Parser.TryParse(text, out value, out var consumed) && consumed == text.Length;
    }

    /// <summary>Parses a double: decimal with an optional exponent, or <c>inf</c>, <c>-inf</c>, <c>nan</c> as servers write them.</summary>
    public static bool TryParseDouble(ReadOnlySpan<byte> text, out double value)
    {
        // Utf8Parser takes .NET's own Infinity and NaN too, which end in a letter.
        if (Utf8Parser.TryParse(text, out value, out var consumed) && consumed == text.Length && text[^1] <= '9')
        {
            return true;
        }

        (value, var known) = text switch
        {
            [(byte)'i', (byte)'n', (byte)'f'] or [(byte)'+', (byte)'i', (byte)'n', (byte)'f'] => (double.PositiveInfinity, true),
            [(byte)'-', (byte)'i', (byte)'n', (byte)'f'] => (double.NegativeInfinity, true),
            [(byte)'n', (byte)'a', (byte)'n'] or [(byte)'-', (byte)'n', (byte)'a', (byte)'n'] => (double.NaN, true),
            _ => (0, false),
        };
        return known;
    }

    /// <summary>Whether the text is an integer of any size.</summary>
    public static bool IsBigNumber(ReadOnlySpan<byte> text)
    {
        var digits = text is [(byte)'-' or (byte)'+', ..] ? text[1..] : text;
        return !digits.IsEmpty && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }
}
