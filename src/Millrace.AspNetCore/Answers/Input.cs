using System.Globalization;

namespace Millrace.AspNetCore.Answers;

/// <summary>Collects what is wrong with a request, field by field.</summary>
internal sealed class Input
{
    private readonly Dictionary<string, List<string>> _errors = [];

    public bool IsValid => _errors.Count == 0;

    public IDictionary<string, string[]> Errors => _errors.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray());

    public void Fault(string field, string message)
    {
        if (!_errors.TryGetValue(field, out var messages))
        {
            _errors[field] = messages = [];
        }

        messages.Add(message);
    }

    /// <summary>An optional text; empty counts as absent.</summary>
    public string? Text(string field, string? value, int maximum)
    {
        if (string.IsNullOrEmpty(value))
        {
            return null;
        }

        if (value.Length > maximum)
        {
            Fault(field, $"At most {maximum} characters; this has {value.Length}.");
        }
        else if (value.Any(char.IsControl))
        {
            Fault(field, "Control characters are not allowed.");
        }

        return value;
    }

    public int Number(string field, string? value, int least, int most, int otherwise)
    {
        if (string.IsNullOrEmpty(value))
        {
            return otherwise;
        }

        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Fault(field, $"A whole number from {least} to {most} is expected.");
        return otherwise;
    }

    /// <summary>An optional point in time.</summary>
    public DateTimeOffset? Time(string field, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return null;
        }

        if (DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time;
        }

        Fault(field, "A date and time is expected, such as 2026-05-04T12:00:00Z; UTC where no offset is given.");
        return null;
    }

    public TEnum? Choice<TEnum>(string field, string? value)
        where TEnum : struct, Enum
    {
        if (string.IsNullOrEmpty(value))
        {
            return null;
        }

        foreach (var choice in Enum.GetValues<TEnum>())
        {
            if (string.Equals(choice.ToString(), value, StringComparison.OrdinalIgnoreCase))
            {
                return choice;
            }
        }

        Fault(field, $"One of these is expected: {string.Join(", ", Enum.GetNames<TEnum>().Select(n => n.ToLowerInvariant()))}.");
        return null;
    }

    /// <summary>A list of names that other parts take as they are: bounded in number and length, no empty ones, no control characters.</summary>
    public IReadOnlyList<string> Names(string field, IReadOnlyList<string>? values, int maximumCount, int maximumLength)
    {
        if (values is null)
        {
            return [];
        }

        if (values.Count > maximumCount)
        {
            Fault(field, $"At most {maximumCount}; these are {values.Count}. Send several requests, or use a tag that covers them.");
            return [];
        }

        for (var i = 0; i < values.Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{field}[{i}]");
            if (string.IsNullOrWhiteSpace(values[i]))
            {
                Fault(name, "Must not be empty.");
            }
            else
            {
                Text(name, values[i], maximumLength);
            }
        }

        return [.. values.Distinct(StringComparer.Ordinal)];
    }
}
