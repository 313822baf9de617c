using Millrace.Redis.Connection;

namespace Millrace.Redis.Commands;

/// <summary>The text of INFO: lines of <c>name:value</c>, headings that begin with <c>#</c>, empty lines.</summary>
internal static class InfoReply
{
    public static readonly ReplyParser<IReadOnlyDictionary<string, string>> Parser = static (ref reader, _) => Parse(Replies.ReadText(ref reader));

    /// <summary>Reads the lines; of a name that comes twice the last value stays.</summary>
    public static IReadOnlyDictionary<string, string> Parse(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var colon = line.IndexOf(':');
            if (colon > 0 && line[0] != '#')
            {
                values[line[..colon].ToString()] = line[(colon + 1)..].ToString();
            }
        }

        return values;
    }
}
