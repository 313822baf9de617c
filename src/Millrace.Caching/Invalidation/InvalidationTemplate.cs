using System.Text;
using Millrace.Caching.Keys;

namespace Millrace.Caching.Invalidation;

// A key, tag or pattern with named parts, such as payment:history:{userId}; parsed once, filled in per event.
//
// A part is a name, or names with dots between them that lead into the event's data. What it yields is written as a segment (KeyText.Escape), so
// a value can neither end its segment nor act as a pattern. An empty value is refused, as it would leave a pattern without the text that narrows it;
// for the same reason a part must not stand next to a '*': user:{id}* would cover user 42 when it means user 4. A doubled brace is a brace.
//
// Bounds: the text, the parts, the depth of a part, and the names that one event may yield, where lists give one name per element and several
// lists all combinations.
internal sealed class InvalidationTemplate
{
    public const int MaximumNames = 1000;

    private const int MaximumLength = 512;
    private const int MaximumParts = 16;

    private readonly string[] _literals; // always one more than there are parts
    private readonly int[] _parts; // indexes into _paths, so that a part that occurs twice has one value at a time
    private readonly string[][] _paths;

    private InvalidationTemplate(string text, TemplateKind kind, string[] literals, int[] parts, string[][] paths) =>
        (Text, Kind, _literals, _parts, _paths) = (text, kind, literals, parts, paths);

    public string Text { get; }

    public TemplateKind Kind { get; }

    /// <summary>Null where the text is no template; then <paramref name="error"/> says why, as the end of a sentence.</summary>
    public static InvalidationTemplate? TryParse(string? text, TemplateKind kind, out string? error)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > MaximumLength || text.Any(char.IsControl))
        {
            error = $"must have 1 to {MaximumLength} characters, none of them control characters";
            return null;
        }

        List<string> literals = [];
        List<string> parts = [];
        error = Split(text, literals, parts) ?? CheckStars(text, kind, literals);
        if (error is not null)
        {
            return null;
        }

        var distinct = parts.Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var indexes = parts.Select(part => distinct.FindIndex(other => string.Equals(part, other, StringComparison.OrdinalIgnoreCase)));
        return new InvalidationTemplate(text, kind, [.. literals], [.. indexes], [.. distinct.Select(static part => part.Split('.'))]);
    }

    /// <summary>The names for an event.</summary>
    /// <exception cref="InvalidOperationException">A part cannot be filled in; the message says which and why, and nothing of what the event holds.</exception>
    public IReadOnlyList<string> Expand(object? data)
    {
        var values = new List<string>[_paths.Length];
        var count = 1L;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = [];
            if (EventData.Read(data, _paths[i], values[i], MaximumNames) is { } fault)
            {
                throw new InvalidOperationException($"'{Text}' needs the part '{string.Join('.', _paths[i])}', and {fault}");
            }

            count *= values[i].Count;
            if (count > MaximumNames)
            {
                throw new InvalidOperationException($"'{Text}' would make more than {MaximumNames} names. Use a tag or a pattern that covers them.");
            }
        }

        var names = new string[count];
        var chosen = new int[values.Length];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = Fill(values, chosen);
            for (var digit = 0; digit < chosen.Length && ++chosen[digit] == values[digit].Count; digit++)
            {
                chosen[digit] = 0;
            }
        }

        return names;
    }

    private string Fill(List<string>[] values, int[] chosen)
    {
        var text = new StringBuilder(_literals[0]);
        for (var i = 0; i < _parts.Length; i++)
        {
            text.Append(KeyText.Escape(values[_parts[i]][chosen[_parts[i]]])).Append(_literals[i + 1]);
        }

        return text.ToString();
    }

    private static string? Split(string text, List<string> literals, List<string> parts)
    {
        var literal = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('{' or '}'))
            {
                literal.Append(text[i]);
            }
            else if (i + 1 < text.Length && text[i + 1] == text[i])
            {
                literal.Append(text[i++]);
            }
            else
            {
                var end = text[i] == '{' ? text.IndexOf('}', i) : -1;
                if (end < 0 || !IsPath(text[(i + 1)..end]))
                {
                    return "has a brace that encloses no part: write {name} or {name.name}, and double a brace that is meant literally";
                }

                if (parts.Count == MaximumParts)
                {
                    return $"has more than {MaximumParts} parts";
                }

                literals.Add(literal.ToString());
                literal.Clear();
                parts.Add(text[(i + 1)..end]);
                i = end;
            }
        }

        literals.Add(literal.ToString());
        return null;
    }

    private static bool IsPath(string text) =>
        text.Split('.') is { Length: <= EventData.MaximumDepth } names
        && names.All(static name => name.Length > 0 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'));

    private static string? CheckStars(string text, TemplateKind kind, List<string> literals)
    {
        if (kind != TemplateKind.Pattern)
        {
            return (kind, literals) switch
            {
                (TemplateKind.Tag, ["*"]) => "stands for everything: say so with 'everything'",
                (TemplateKind.Key, _) when literals.Exists(static literal => literal.Contains('*', StringComparison.Ordinal)) =>
                    "has a '*', and a key names one entry: put it under 'patterns'",
                _ => null,
            };
        }

        if (literals is ["*"])
        {
            return "covers everything: say so with 'everything'";
        }

        for (var i = 0; i < literals.Count; i++)
        {
            if ((i > 0 && literals[i].StartsWith('*')) || (i < literals.Count - 1 && literals[i].EndsWith('*')))
            {
                return "has a '*' next to a part, so that one value would cover others that begin or end alike: put a ':' between them";
            }
        }

        return KeyGlob.TryParse(string.Join('x', literals), out _) is null
            ? $"is no pattern: it needs 1 to {KeyGlob.MaximumStars} '*'; to name one key, put it under 'keys'"
            : null;
    }
}
