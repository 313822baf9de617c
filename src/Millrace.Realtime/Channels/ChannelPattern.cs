namespace Millrace.Realtime.Channels;

/// <summary>
/// A pattern such as <c>project:{id}:tasks</c>, compiled once. Each part between colons is literal or a name in braces that
/// stands for exactly one whole part, so matching is one pass over the channel and no input can make it slow.
/// </summary>
internal sealed class ChannelPattern
{
    private readonly string[] _literals; // null where the part is named
    private readonly string[] _names;

    private ChannelPattern(string text, string[] literals, string[] names)
    {
        Text = text;
        _literals = literals;
        _names = names;
    }

    public string Text { get; }

    public int PartCount => _literals.Length;

    public static ChannelPattern Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length is 0 or > ChannelNames.MaximumLength)
        {
            throw Invalid(text, $"it must have 1 to {ChannelNames.MaximumLength} characters.");
        }

        var parts = text.Split(':');
        var literals = new string[parts.Length];
        var names = new string[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            var part = parts[i];
            if (part is ['{', .. var name, '}'])
            {
                if (!IsPartName(name) || Array.IndexOf(names, name, 0, i) >= 0)
                {
                    throw Invalid(text, $"'{part}' must be an ASCII letter followed by letters or digits, in braces, and occur once.");
                }

                names[i] = name;
            }
            else if (ChannelName.IsValid(part))
            {
                literals[i] = part;
            }
            else
            {
                throw Invalid(text, "each part between colons must be literal (ASCII letters, digits, - _ . @ ~) or a name in braces.");
            }
        }

        return new ChannelPattern(text, literals, names);
    }

    /// <summary>Whether both match the same channels, whatever their parts are called.</summary>
    public bool IsSameAs(ChannelPattern other) => _literals.AsSpan().SequenceEqual(other._literals);

    /// <summary>Orders patterns so that the first that matches is the most specific: literal before named, from the left.</summary>
    public static int CompareSpecificity(ChannelPattern left, ChannelPattern right)
    {
        for (var i = 0; i < Math.Min(left.PartCount, right.PartCount); i++)
        {
            var difference = (left._literals[i] is null).CompareTo(right._literals[i] is null);
            if (difference != 0)
            {
                return difference;
            }
        }

        return string.CompareOrdinal(left.Text, right.Text);
    }

    public bool Matches(ReadOnlySpan<char> channel)
    {
        foreach (var literal in _literals)
        {
            var end = channel.IndexOf(':');
            var part = end < 0 ? channel : channel[..end];
            if (literal is not null && !part.SequenceEqual(literal))
            {
                return false;
            }

            channel = end < 0 ? [] : channel[(end + 1)..];
        }

        return channel.IsEmpty;
    }

    /// <summary>The named parts of a channel that matches.</summary>
    public Dictionary<string, string> Read(string channel)
    {
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        var values = channel.Split(':');
        for (var i = 0; i < _names.Length; i++)
        {
            if (_names[i] is { } name)
            {
                parts[name] = values[i];
            }
        }

        return parts;
    }

    private static bool IsPartName(string name)
    {
        if (name.Length == 0 || !char.IsAsciiLetter(name[0]))
        {
            return false;
        }

        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c))
            {
                return false;
            }
        }

        return true;
    }

    private static ArgumentException Invalid(string text, string why) =>
        new($"'{ChannelName.ForMessage(text)}' is not a channel pattern: {why} Example: project:{{id}}.", nameof(text));
}
