using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Routing;

namespace Millrace.AspNetCore.Invalidation;

/// <summary>A tag or key with <c>{name}</c> placeholders for route values; parsed once, expanded per request.</summary>
internal sealed class Template
{
    internal const int MaximumCount = 32;
    internal const int MaximumLength = 512;

    private readonly string[] _literals; // always one more than there are names
    private readonly string[] _names;

    private Template(string text, string[] literals, string[] names)
    {
        Text = text;
        _literals = literals;
        _names = names;
    }

    public string Text { get; }

    public IReadOnlyList<string> Names => _names;

    public static Template[] ParseAll(string[] texts, string what)
    {
        if (texts.Length > MaximumCount)
        {
            throw new ArgumentException($"[Invalidates] names {texts.Length} {what}; at most {MaximumCount} are allowed. Use a tag that covers them.", nameof(texts));
        }

        return Array.ConvertAll(texts, Parse);
    }

    /// <exception cref="ArgumentException">The text is empty, too long, or its braces do not match.</exception>
    public static Template Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > MaximumLength)
        {
            throw new ArgumentException($"[Invalidates] '{text}': a tag or key needs 1 to {MaximumLength} characters.", nameof(text));
        }

        List<string> literals = [];
        List<string> names = [];
        var literal = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '{' or '}' && i + 1 < text.Length && text[i + 1] == c)
            {
                literal.Append(c);
                i++;
            }
            else if (c == '{')
            {
                var end = text.IndexOf('}', i);
                var name = end < 0 ? "" : text[(i + 1)..end];
                if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(NameCharacters))
                {
                    throw Malformed(text);
                }

                literals.Add(literal.ToString());
                literal.Clear();
                names.Add(name);
                i = end;
            }
            else if (c == '}')
            {
                throw Malformed(text);
            }
            else
            {
                literal.Append(c);
            }
        }

        literals.Add(literal.ToString());
        return new Template(text, [.. literals], [.. names]);
    }

    /// <summary>Fills in the route values; false, with the first missing name, when one is absent or empty.</summary>
    public bool TryExpand(RouteValueDictionary values, out string result, out string? missing)
    {
        if (_names.Length == 0)
        {
            result = _literals[0];
            missing = null;
            return true;
        }

        var text = new StringBuilder(_literals[0]);
        for (var i = 0; i < _names.Length; i++)
        {
            var value = values.TryGetValue(_names[i], out var found) ? Convert.ToString(found, CultureInfo.InvariantCulture) : null;
            if (string.IsNullOrEmpty(value))
            {
                result = "";
                missing = _names[i];
                return false;
            }

            text.Append(value).Append(_literals[i + 1]);
        }

        result = text.ToString();
        missing = null;
        return true;
    }

    private static readonly System.Buffers.SearchValues<char> NameCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    private static ArgumentException Malformed(string text) =>
        new($"[Invalidates] '{text}': write {{name}} for a route value and double a brace that is meant literally.", nameof(text));
}
