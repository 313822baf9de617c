using System.Text;

namespace Millrace.Redis.Protocol;

/// <summary>A command's name as it is written, encoded once: one bulk string for each of its words.</summary>
internal sealed class CommandName
{
    private CommandName(string text, bool isReadOnly)
    {
        Text = text;
        IsReadOnly = isReadOnly;
        var words = text.Split(' ');
        Words = words.Length;
        Encoded = Encoding.UTF8.GetBytes(string.Concat(words.Select(static word => $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n")));
    }

    /// <summary>The name in capitals, its words apart by a space: <c>GET</c>, <c>CLIENT ID</c>.</summary>
    public string Text { get; }

    /// <summary>Whether it changes nothing: it may be repeated, and run on a replica.</summary>
    public bool IsReadOnly { get; }

    /// <summary>How many bulk strings the name is.</summary>
    public int Words { get; }

    /// <summary>The bulk strings.</summary>
    public byte[] Encoded { get; }

    /// <summary>A command that reads only.</summary>
    public static CommandName Read(string text) => new(text, isReadOnly: true);

    /// <summary>A command that may write.</summary>
    public static CommandName Write(string text) => new(text, isReadOnly: false);
}
