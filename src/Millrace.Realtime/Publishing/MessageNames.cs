using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

namespace Millrace.Realtime.Publishing;

/// <summary>The <c>type</c> that a message carries on the wire: registered, or its type's name in kebab case. Never a .NET type name.</summary>
internal sealed class MessageNames(IReadOnlyDictionary<Type, string> registered)
{
    public const int MaximumLength = 100;

    /// <summary>The name of messages whose type has no name worth sending: JSON nodes and anonymous types.</summary>
    public const string Nameless = "message";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:");

    // As many entries as the program has message types.
    private readonly ConcurrentDictionary<Type, string> _names = new();

    public string Of(Type type) => _names.GetOrAdd(type, static (type, registered) =>
        registered.TryGetValue(type, out var name) ? name : KebabCase(type), registered);

    public static string Checked(string name, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        return name.Length <= MaximumLength && !name.AsSpan().ContainsAnyExcept(Allowed)
            ? name
            : throw new ArgumentException(
                $"'{Channels.ChannelName.ForMessage(name)}' is not a message name: it has 1 to {MaximumLength} ASCII letters, digits and - _ . :", parameter);
    }

    private static string KebabCase(Type type)
    {
        if (type == typeof(JsonElement) || type.Namespace == "System.Text.Json.Nodes" || type.Name.StartsWith('<'))
        {
            return Nameless;
        }

        var end = type.Name.IndexOf('`', StringComparison.Ordinal);
        var source = end < 0 ? type.Name : type.Name[..end];
        var name = new StringBuilder(source.Length + 8);
        for (var i = 0; i < source.Length && name.Length < MaximumLength - 1; i++)
        {
            var c = source[i];
            if (!char.IsAsciiLetterOrDigit(c))
            {
                continue;
            }

            var startsWord = i > 0 && char.IsAsciiLetterUpper(c)
                && (!char.IsAsciiLetterUpper(source[i - 1]) || (i + 1 < source.Length && char.IsAsciiLetterLower(source[i + 1])));
            if (startsWord && name.Length > 0)
            {
                name.Append('-');
            }

            name.Append(char.ToLowerInvariant(c));
        }

        return name.Length == 0 ? Nameless : name.ToString();
    }
}
