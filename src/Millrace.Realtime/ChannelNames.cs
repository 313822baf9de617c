using Millrace.Realtime.Channels;

namespace Millrace.Realtime;

/// <summary>The usual channels, so that publisher and pattern agree on their spelling; any other valid name is as good.</summary>
/// <remarks>
/// A channel name has 1 to 200 characters: parts joined by <c>:</c>, each of ASCII letters, digits and <c>- _ . @ ~</c>.
/// </remarks>
public static class ChannelNames
{
    /// <summary>The longest allowed name, in characters.</summary>
    public const int MaximumLength = 200;

    /// <summary>The channel for every client: <c>everyone</c>.</summary>
    public const string Everyone = "everyone";

    /// <summary>The channel of one user: <c>user:{id}</c>.</summary>
    /// <exception cref="ArgumentException">The id has characters that a part of a name may not have.</exception>
    public static string User(string id) => Part("user:", id);

    /// <summary>The channel of one organisation: <c>org:{id}</c>.</summary>
    /// <exception cref="ArgumentException">The id has characters that a part of a name may not have.</exception>
    public static string Organisation(string id) => Part("org:", id);

    /// <summary>The channel of one project: <c>project:{id}</c>.</summary>
    /// <exception cref="ArgumentException">The id has characters that a part of a name may not have.</exception>
    public static string Project(string id) => Part("project:", id);

    /// <summary>Whether the name can be a channel's; null and anything longer or with other characters cannot.</summary>
    public static bool IsValid(string? name) => ChannelName.IsValid(name);

    private static string Part(string prefix, string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        var name = string.Concat(prefix, id);
        if (id.Contains(':', StringComparison.Ordinal) || !ChannelName.IsValid(name))
        {
            throw new ArgumentException($"'{ChannelName.ForMessage(id)}' cannot be a part of a channel name: {ChannelName.Rule}", nameof(id));
        }

        return name;
    }
}
