using System.Buffers;

namespace Millrace.Realtime.Channels;

/// <summary>Which strings are channel names. Wildcards, braces, blanks and control characters are not, so a name is safe in logs and keys.</summary>
internal static class ChannelName
{
    public const string Rule =
        "a channel name has 1 to 200 characters, parts of ASCII letters, digits and - _ . @ ~ joined by single colons.";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@~:");

    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= ChannelNames.MaximumLength }
        && !name.AsSpan().ContainsAnyExcept(Allowed)
        && name[0] != ':'
        && name[^1] != ':'
        && !name.Contains("::", StringComparison.Ordinal);

    public static void ThrowIfInvalid(string? name, string parameter)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        if (!IsValid(name))
        {
            throw new ArgumentException($"'{ForMessage(name)}' is not a channel name: {Rule}", parameter);
        }
    }

    /// <summary>A foreign string made fit for a message: short, and without characters that could forge a log line.</summary>
    public static string ForMessage(string text)
    {
        var shown = text.Length > 60 ? text.AsSpan(0, 60) : text;
        return string.Create(shown.Length, shown, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                target[i] = source[i] is >= ' ' and < '\u007f' ? source[i] : '?';
            }
        });
    }
}
