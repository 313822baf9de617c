using System.Globalization;
using Millrace.Caching.Keys;

namespace Millrace.Caching;

/// <summary>
/// How the keys of one kind of entry are made: a namespace, a prefix, a version, and typed parts.
/// <c>CacheKeys.Of("project").Version(2).With&lt;int&gt;()</c> makes <c>project:v2:42</c>.
/// </summary>
/// <remarks>
/// <para>Immutable and thread-safe; declare each once, in a static field, and use one number of parts per prefix and version. Whatever parts hold,
/// different parts make different keys, a part never reaches into its neighbour, and never acts as a pattern: control characters, <c>%</c>,
/// <c>:</c>, <c>*</c>, <c>{</c> and <c>}</c> in parts are written as <c>%</c> and two hexadecimal digits.</para>
/// <para>Parts are text, truth values, enumerations and whatever is <see cref="ISpanFormattable"/>, written in the invariant culture, dates and times
/// in the round-trip format. Making a key allocates its string and nothing else. It has at most 1,024 characters.</para>
/// </remarks>
public sealed class CacheKeys
{
    private const int LongestPrefix = 256;
    private const int HighestVersion = 9999;

    private readonly string _namespace;
    private readonly string _prefix;
    private readonly int _version;

    private CacheKeys(string @namespace, string prefix, int version)
    {
        (_namespace, _prefix, _version) = (@namespace, prefix, version);
        Prefix = string.Create(CultureInfo.InvariantCulture, $"{(@namespace.Length > 0 ? $"{@namespace}:" : "")}{prefix}:{(version > 0 ? $"v{version}:" : "")}");
    }

    /// <summary>What all keys begin with, the colon included: <c>project:v2:</c>.</summary>
    public string Prefix { get; }

    /// <summary>The pattern that all keys fit, for <see cref="Cache.RemoveByPatternAsync(string, CancellationToken)"/>: <c>project:v2:*</c>.</summary>
    public string Pattern => Prefix + "*";

    /// <summary>Keys under a prefix.</summary>
    /// <param name="prefix">
    /// One or more words between colons, such as <c>project</c> or <c>payment:history</c>: letters, digits, <c>-</c>, <c>_</c>, <c>.</c> and <c>/</c>,
    /// none of them like a version (<c>v2</c>), at most 256 characters. Give each kind of entry a prefix of its own.
    /// </param>
    /// <exception cref="ArgumentException">The prefix breaks the rules.</exception>
    public static CacheKeys Of(string prefix) => new("", CheckWords(prefix, nameof(prefix)), 0);

    /// <summary>A text as a part of a key that is put together by hand: the characters that have a meaning in keys are escaped.</summary>
    /// <exception cref="ArgumentException">The text holds half a character, or more than 1,024 of them.</exception>
    public static string Escape(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return KeyText.Escape(text);
    }

    /// <summary>The same keys in a namespace, which stands before the prefix: <c>shop:project:v2:42</c>. Replaces an earlier one.</summary>
    /// <param name="namespace">Words as in a prefix.</param>
    /// <exception cref="ArgumentException">The namespace breaks the rules of prefixes.</exception>
    public CacheKeys In(string @namespace) => new(CheckWords(@namespace, nameof(@namespace)), _prefix, _version);

    /// <summary>The same keys in a version: raise it when values are made in another way, and no reader gets what was stored before.</summary>
    /// <param name="version">From 1 to 9999.</param>
    /// <exception cref="ArgumentOutOfRangeException">The version is not in the range.</exception>
    public CacheKeys Version(int version)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(version, HighestVersion);
        return new CacheKeys(_namespace, _prefix, version);
    }

    /// <summary>Keys of one part.</summary>
    /// <exception cref="ArgumentException">Parts cannot have this type.</exception>
    public CacheKey<T> With<T>() => new(this);

    /// <summary>Keys of two parts.</summary>
    /// <exception cref="ArgumentException">Parts cannot have one of the types.</exception>
    public CacheKey<T1, T2> With<T1, T2>() => new(this);

    /// <summary>Keys of three parts.</summary>
    /// <exception cref="ArgumentException">Parts cannot have one of the types.</exception>
    public CacheKey<T1, T2, T3> With<T1, T2, T3>() => new(this);

    /// <summary>
    /// A key for a set of parameters, such as a query: <c>api:orders/list:9f86d081884c7d659a2feaa0c55ad015</c>. The order of the parameters does not
    /// matter, not even of several with one name.
    /// </summary>
    /// <param name="endpoint">What they are parameters of; a part like any other.</param>
    /// <param name="parameters">
    /// Names and values; null is a value of its own. At most 1,024 of them and 1 MiB in all. They are hashed with SHA-256, of which 128 bits are kept:
    /// nobody can read them from the key, or find a second set with the same key.
    /// </param>
    /// <exception cref="ArgumentException">The endpoint or the parameters break the rules.</exception>
    public string Hashed(string endpoint, IEnumerable<KeyValuePair<string, string?>> parameters)
    {
        ArgumentException.ThrowIfNullOrEmpty(endpoint);
        ArgumentNullException.ThrowIfNull(parameters);
        return KeyText.Make(Prefix, (2, endpoint, ParameterHash.Of(parameters), ""), "");
    }

    /// <summary>The prefix.</summary>
    public override string ToString() => Prefix;

    internal static void CheckPart(Type type)
    {
        if (!KeyText.IsPart(type))
        {
            throw new ArgumentException(
                $"{type} cannot be a part of a key: use text, numbers, Guid, dates, enumerations, bool, or a type of your own that is ISpanFormattable.", nameof(type));
        }
    }

    private static string CheckWords(string words, string parameter)
    {
        ArgumentNullException.ThrowIfNull(words, parameter);
        if (words.Length is 0 or > LongestPrefix)
        {
            throw new ArgumentException($"A prefix of keys has 1 to {LongestPrefix} characters; this one has {words.Length}.", parameter);
        }

        foreach (var word in words.Split(':'))
        {
            if (word.Length == 0 || !word.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/'))
            {
                throw new ArgumentException(
                    $"'{words}' is no prefix of keys: it is made of words of letters, digits, '-', '_', '.' and '/', with a colon between them and none at the ends. "
                    + "What comes from outside is a part: With<string>().",
                    parameter);
            }

            if (word is ['v', _, ..] && word.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0)
            {
                throw new ArgumentException($"'{words}' is no prefix of keys: '{word}' reads like a version. Say Version({word[1..]}).", parameter);
            }
        }

        return words;
    }
}
