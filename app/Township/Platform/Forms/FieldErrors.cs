using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Township.Platform.Forms;

/// <summary>What is wrong with an input, by field, in sentences a resident can act on. Not thread-safe.</summary>
internal sealed class FieldErrors
{
    private readonly Dictionary<string, List<string>> _messages = [];

    public bool Any => _messages.Count > 0;

    public IReadOnlyDictionary<string, List<string>> Messages => _messages;

    public static FieldErrors Of(string field, string message)
    {
        var errors = new FieldErrors();
        errors.Add(field, message);
        return errors;
    }

    public void Add(string field, string message)
    {
        if (!_messages.TryGetValue(field, out var list))
        {
            _messages[field] = list = [];
        }

        list.Add(message);
    }

    /// <summary>Trims and tidies a text and checks its length; answers the tidy text.</summary>
    /// <param name="field">The field's name in the form.</param>
    /// <param name="what">How a sentence names it: "a title".</param>
    /// <param name="value">What came in.</param>
    /// <param name="minimum">Characters at least; 0: may be left empty.</param>
    /// <param name="maximum">Characters at most.</param>
    public string Text(string field, string what, string? value, int minimum, int maximum)
    {
        if (value is { Length: > 100_000 })
        {
            Add(field, $"Use at most {maximum} characters.");
            return "";
        }

        var text = Tidy(value);
        if (text.Length == 0 && minimum > 0)
        {
            Add(field, $"Enter {what}.");
        }
        else if (text.Length < minimum)
        {
            Add(field, $"Use at least {minimum} characters.");
        }
        else if (text.Length > maximum)
        {
            Add(field, $"Use at most {maximum} characters; this has {text.Length}.");
        }

        return text;
    }

    /// <summary>A calendar day as `2026-11-20`, or null where the field is empty.</summary>
    public string? Day(string field, string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        if (DateOnly.TryParseExact(value.Trim(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is >= 2000 and <= 2100)
        {
            return day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        }

        Add(field, "Enter a date like 2026-11-20.");
        return null;
    }

    public IDictionary<string, string[]> ToDictionary() =>
        _messages.ToDictionary(
            pair => char.ToLowerInvariant(pair.Key[0]) + pair.Key[1..], pair => pair.Value.ToArray());

    public void CopyTo(ModelStateDictionary state, string prefix)
    {
        foreach (var (field, messages) in _messages)
        {
            foreach (var message in messages)
            {
                state.AddModelError($"{prefix}.{field}", message);
            }
        }
    }

    // No control characters but line breaks, which are "\n"; well-formed Unicode; no space at the ends.
    private static string Tidy(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return "";
        }

        var text = new StringBuilder(value.Length);
        foreach (var rune in value.ReplaceLineEndings("\n").EnumerateRunes())
        {
            if (!Rune.IsControl(rune) || rune.Value is '\n')
            {
                text.Append(rune.ToString());
            }
        }

        return text.ToString().Trim().Normalize();
    }
}
