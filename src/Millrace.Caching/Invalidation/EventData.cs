using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Caching.Keys;

namespace Millrace.Caching.Invalidation;

// Reads parts out of what an event carries: JSON, dictionaries, or the public properties of an object. Names are looked up as they are written
// first, and without regard to case second. A list on the way stands for each of its elements. Values become text as key builders write them, so
// a rule finds the keys that a builder made of the same value.
internal static class EventData
{
    public const int MaximumDepth = 8;

    private const int MaximumNesting = 32; // lists in lists
    private const int MaximumTextLength = 512;

    private static readonly ConcurrentDictionary<Type, FrozenDictionary<string, PropertyInfo>> Properties = new(); // as many as the program has event types

    /// <summary>Adds the texts that a path yields; or says why it yields none, as the end of a sentence.</summary>
    public static string? Read(object? data, ReadOnlySpan<string> path, List<string> values, int maximumValues, int nesting = 0)
    {
        var node = data switch
        {
            JsonDocument document => document.RootElement,
            JsonNode json => JsonSerializer.SerializeToElement(json),
            _ => data,
        };
        if (node is null or JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined })
        {
            return "it is null. Raise the event with a value, or give what has none a rule of its own.";
        }

        if (Elements(node) is { } elements)
        {
            return ReadAll(elements, path, values, maximumValues, nesting);
        }

        if (path.IsEmpty)
        {
            return AddText(node, values, maximumValues);
        }

        return TryFind(node, path[0], out var found)
            ? Read(found, path[1..], values, maximumValues, nesting)
            : $"the event has no '{path[0]}' there. Raise it with one, or correct the rule.";
    }

    private static string? ReadAll(IEnumerable elements, ReadOnlySpan<string> path, List<string> values, int maximumValues, int nesting)
    {
        if (nesting == MaximumNesting)
        {
            return $"it lies more than {MaximumNesting} lists deep.";
        }

        foreach (var element in elements)
        {
            if (Read(element, path, values, maximumValues, nesting + 1) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    private static IEnumerable? Elements(object node) => node switch
    {
        string => null,
        JsonElement { ValueKind: JsonValueKind.Array } array => array.EnumerateArray(),
        JsonElement => null,
        IDictionary or IEnumerable<KeyValuePair<string, object?>> => null,
        IEnumerable list => list,
        _ => null,
    };

    private static bool TryFind(object node, string name, out object? value)
    {
        switch (node)
        {
            case JsonElement { ValueKind: JsonValueKind.Object } json:
                return TryFind(json.EnumerateObject().Select(static property => KeyValuePair.Create(property.Name, (object?)property.Value)), name, out value);
            case JsonElement or string:
                value = null;
                return false;
            case IEnumerable<KeyValuePair<string, object?>> entries:
                return TryFind(entries, name, out value);
            case IDictionary dictionary:
                return TryFind(Entries(dictionary), name, out value);
            default:
                var properties = Properties.GetOrAdd(node.GetType(), static type => PropertiesOf(type));
                var found = properties.TryGetValue(name, out var property);
                value = found ? property!.GetValue(node) : null;
                return found;
        }
    }

    private static bool TryFind(IEnumerable<KeyValuePair<string, object?>> entries, string name, out object? value)
    {
        var found = false;
        value = null;
        foreach (var (key, candidate) in entries)
        {
            if (string.Equals(key, name, StringComparison.Ordinal))
            {
                value = candidate;
                return true;
            }

            if (!found && string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
            {
                (found, value) = (true, candidate);
            }
        }

        return found;
    }

    private static IEnumerable<KeyValuePair<string, object?>> Entries(IDictionary dictionary)
    {
        foreach (DictionaryEntry entry in dictionary)
        {
            if (entry.Key is string key)
            {
                yield return KeyValuePair.Create(key, entry.Value);
            }
        }
    }

    /// <summary>By name without regard to case; of two that differ in case alone, the one that the type itself declares, then the first.</summary>
    private static FrozenDictionary<string, PropertyInfo> PropertiesOf(Type type)
    {
        var properties = new Dictionary<string, PropertyInfo>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).OrderByDescending(property => property.DeclaringType == type))
        {
            if (property.CanRead && property.GetIndexParameters().Length == 0)
            {
                properties.TryAdd(property.Name, property);
            }
        }

        return properties.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    private static string? AddText(object node, List<string> values, int maximumValues)
    {
        if (values.Count == maximumValues)
        {
            return $"it has more than {maximumValues} values. Use a tag or a pattern that covers them.";
        }

        var text = Text(node);
        if (text is null)
        {
            return "it is neither text nor a number nor anything else that fits into a name.";
        }

        if (text.Length is 0 or > MaximumTextLength)
        {
            return text.Length == 0 ? "it is empty." : $"it has {text.Length} characters, {MaximumTextLength} are allowed.";
        }

        values.Add(text);
        return null;
    }

    private static string? Text(object node) => node switch
    {
        string text => text,
        JsonElement json => Text(json),
        bool truth => truth.ToString(),
        IFormattable value => value.ToString(KeyText.Format(node.GetType()), CultureInfo.InvariantCulture),
        _ => null,
    };

    private static string? Text(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString(),
        JsonValueKind.True => bool.TrueString,
        JsonValueKind.False => bool.FalseString,
        JsonValueKind.Number when json.TryGetInt64(out var whole) => whole.ToString(CultureInfo.InvariantCulture),
        JsonValueKind.Number when json.TryGetDecimal(out var exact) => exact.ToString(CultureInfo.InvariantCulture),
        JsonValueKind.Number when json.TryGetDouble(out var number) => number.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };
}
