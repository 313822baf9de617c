using System.Buffers;

namespace Millrace.Caching.Naming;

/// <summary>What keys and tags must look like. Checked off the hit path only: what breaks the rules is never stored, so it cannot be hit.</summary>
internal sealed class KeyRules(CacheOptions options)
{
    /// <summary>As a tag of an invalidation it means everything, as HybridCache has it; no entry may carry it.</summary>
    public const string Everything = "*";

    private static readonly SearchValues<char> Suspects = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Concat(Enumerable.Range(0xD800, 0x800)).Select(c => (char)c)]);

    private readonly int _maximumKeyLength = options.MaximumKeyLength;
    private readonly int _maximumTags = options.MaximumTags;
    private readonly int _maximumTagLength = options.MaximumTagLength;

    public void CheckKey(ReadOnlySpan<char> key)
    {
        if (key.IsWhiteSpace())
        {
            throw new ArgumentException("A cache key must not be empty or white space.", nameof(key));
        }

        if (key.Length > _maximumKeyLength)
        {
            throw new ArgumentException(
                $"The cache key that begins with '{key[..Math.Min(32, _maximumKeyLength)]}' has {key.Length} characters, {_maximumKeyLength} are allowed. "
                + "Hash the long part, or raise MaximumKeyLength.",
                nameof(key));
        }

        CheckCharacters(key, "cache key", nameof(key));
    }

    public void CheckTag(string tag)
    {
        if (string.IsNullOrWhiteSpace(tag))
        {
            throw new ArgumentException("A tag must not be empty or white space.", nameof(tag));
        }

        if (tag.Length > _maximumTagLength)
        {
            throw new ArgumentException(
                $"The tag that begins with '{tag.AsSpan(0, Math.Min(32, _maximumTagLength))}' has {tag.Length} characters, {_maximumTagLength} are allowed. "
                + "Shorten it, or raise MaximumTagLength.",
                nameof(tag));
        }

        CheckCharacters(tag, nameof(tag), nameof(tag));
    }

    /// <summary>The tags of an entry, without repetition.</summary>
    public string[] EntryTags(IEnumerable<string>? tags)
    {
        if (tags is null || (tags is IReadOnlyCollection<string> { Count: 0 }))
        {
            return [];
        }

        var distinct = new List<string>();
        foreach (var tag in tags)
        {
            CheckTag(tag);
            if (tag == Everything)
            {
                throw new ArgumentException("An entry cannot carry the tag '*': invalidating it means everything, every entry has it already.", nameof(tags));
            }

            if (distinct.Contains(tag))
            {
                continue;
            }

            if (distinct.Count == _maximumTags)
            {
                throw new ArgumentException($"An entry may carry {_maximumTags} tags. Use fewer, wider tags, or raise MaximumTags.", nameof(tags));
            }

            distinct.Add(tag);
        }

        return [.. distinct];
    }

    private static void CheckCharacters(ReadOnlySpan<char> text, string what, string parameter)
    {
        if (!text.ContainsAnyExceptInRange(' ', '~') || !text.ContainsAny(Suspects)) // most keys are plain, and that is seen faster
        {
            return;
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]))
            {
                throw new ArgumentException($"A {what} must not contain control characters; there is U+{(int)text[i]:X4} at position {i}.", parameter);
            }

            if (char.IsSurrogate(text[i]))
            {
                if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
                {
                    throw new ArgumentException($"A {what} must be valid Unicode; half a character stands at position {i}.", parameter);
                }

                i++;
            }
        }
    }
}
