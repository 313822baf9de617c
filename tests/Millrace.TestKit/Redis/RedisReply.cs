using System.Globalization;
using System.Text;

namespace Millrace.TestKit.Redis;

/// <summary>A reply as <see cref="RedisControl" /> reads it: bytes, or a list of replies, or null.</summary>
public sealed class RedisReply
{
    internal RedisReply(byte[]? bytes) => Bytes = bytes;

    internal RedisReply(IReadOnlyList<RedisReply> items) => Items = items;

    /// <summary>A string's bytes, or a number's digits; null for null and for a list.</summary>
    public byte[]? Bytes { get; }

    /// <summary>The elements of a list; empty for everything else.</summary>
    public IReadOnlyList<RedisReply> Items { get; } = [];

    /// <summary><see cref="Bytes" /> read as UTF-8.</summary>
    public string? Text => Bytes is null ? null : Encoding.UTF8.GetString(Bytes);

    /// <summary><see cref="Text" /> read as a whole number.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public long Number => long.Parse(Text ?? "", NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    /// <summary>The element of a list.</summary>
    public RedisReply this[int index] => Items[index];

    /// <summary>The texts of a list's elements.</summary>
    public IReadOnlyList<string?> Texts() => [.. Items.Select(static item => item.Text)];

    /// <summary>A list of names and values in turn, or the lines "name:value" of INFO.</summary>
    public IReadOnlyDictionary<string, string> Fields()
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i + 1 < Items.Count; i += 2)
        {
            fields[Items[i].Text ?? ""] = Items[i + 1].Text ?? "";
        }

        foreach (var line in (Text ?? "").Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                fields[line[..colon]] = line[(colon + 1)..];
            }
        }

        return fields;
    }

    /// <inheritdoc />
    public override string ToString() => Items.Count > 0 ? $"[{string.Join(", ", Items)}]" : Text ?? "(null)";
}
