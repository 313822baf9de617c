namespace Millrace.AspNetCore.Answers;

/// <summary>Text from outside, made fit for a log line or a message.</summary>
internal static class PlainText
{
    /// <summary>The text without control characters and line separators, cut to a length.</summary>
    public static string Of(string text, int maximum)
    {
        var cut = text.Length > maximum ? string.Concat(text.AsSpan(0, maximum - 1), "…") : text;
        return cut.Any(IsUnfit)
            ? string.Create(cut.Length, cut, static (span, source) =>
            {
                for (var i = 0; i < source.Length; i++)
                {
                    span[i] = IsUnfit(source[i]) ? '\ufffd' : source[i];
                }
            })
            : cut;
    }

    private static bool IsUnfit(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
