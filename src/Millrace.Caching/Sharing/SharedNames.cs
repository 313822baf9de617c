using System.Security.Cryptography;
using System.Text;

namespace Millrace.Caching.Sharing;

/// <summary>
/// The keys in Redis of what nodes share beside entries: <c>cache:!counter:{name}</c>. The exclamation mark keeps them apart from entries by
/// convention, the braces put all keys of one name on one slot of a cluster and those of different names on different ones.
/// </summary>
internal sealed class SharedNames(string prefix, string word)
{
    public const int MaximumLength = 512;

    /// <summary>The channel that tells of changes to things of this kind.</summary>
    public string Channel => $"{prefix}!{word}";

    public string Key(string name) => $"{prefix}!{word}:{{{name}}}";

    /// <summary>A second key beside <see cref="Key(string)"/>, on the same slot.</summary>
    public string Key(string name, string part) => $"{prefix}!{word}:{{{name}}}:{part}";

    /// <exception cref="ArgumentException">The name is empty, too long, or has characters that no name may have.</exception>
    public static void Check(string name, string what, string parameter)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        if (name.Length is 0 or > MaximumLength)
        {
            throw new ArgumentException($"The name of a {what} has 1 to {MaximumLength} characters, this has {name.Length}. Hash the long part.", parameter);
        }

        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] is '{' or '}' || char.IsControl(name[i]))
            {
                throw new ArgumentException($"The name of a {what} must not contain braces or control characters; there is U+{(int)name[i]:X4} at position {i}.", parameter);
            }

            if (char.IsSurrogate(name[i]) && !(char.IsHighSurrogate(name[i]) && i + 1 < name.Length && char.IsLowSurrogate(name[++i])))
            {
                throw new ArgumentException($"The name of a {what} must be valid Unicode; half a character stands at position {i}.", parameter);
            }
        }
    }

    /// <summary>
    /// A name that comes from outside, such as an address or a header: taken as it is where it is short and plain, otherwise its hash. Nobody can
    /// make it long, odd, or equal to another's.
    /// </summary>
    public static string Tame(string name) =>
        name.Length is > 0 and <= 64 && name[0] != '#' && !name.AsSpan().ContainsAnyExceptInRange('!', 'z')
            ? name
            : "#" + Convert.ToHexStringLower(SHA256.HashData(Encoding.Unicode.GetBytes(name)));
}
