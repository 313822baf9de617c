using System.Collections.Concurrent;

namespace Millrace.Redis.Protocol;

/// <summary>The names of commands that are given as text, checked and encoded once. Bounded: beyond it a name is encoded at each use.</summary>
internal static class CommandNames
{
    private const int MaximumLength = 64;
    private const int MaximumCount = 1024;

    private static readonly ConcurrentDictionary<string, CommandName> Known = new(StringComparer.Ordinal);

    /// <summary>The command of a name. It counts as one that writes.</summary>
    /// <exception cref="ArgumentException">It is no name.</exception>
    public static CommandName Get(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Known.TryGetValue(text, out var name))
        {
            return name;
        }

        Check(text);
        name = CommandName.Write(text.ToUpperInvariant());
        if (Known.Count < MaximumCount)
        {
            Known.TryAdd(text, name); // counting takes locks, but a name is met for the first time only so often
        }

        return name;
    }

    private static void Check(string text)
    {
        var isValid = text.Length is > 0 and <= MaximumLength;
        for (var i = 0; isValid && i < text.Length; i++)
        {
            // A space stands between two words only.
            isValid = text[i] == ' '
                ? i > 0 && i < text.Length - 1 && text[i - 1] != ' '
                : char.IsAsciiLetterOrDigit(text[i]) || text[i] is '.' or '_' or '-' or '|';
        }

        if (!isValid)
        {
            throw new ArgumentException(
                $"That is no command's name: 1 to {MaximumLength} letters, digits, '.', '_', '-' or '|', in words apart by single spaces. "
                + "What follows the name belongs into the arguments.",
                nameof(text));
        }
    }
}
