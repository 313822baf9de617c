using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Millrace.Caching.Naming;

namespace Millrace.Caching.Statistics;

// The pattern of a key: its first four segments between colons, each kept if it reads like a word (letters, '-', '_', '.', '/', at most 32
// characters; or a version such as v2), else replaced by {}. project:42:tasks becomes project:{}:tasks.
//
// Words can be identifiers too (user:alice), so the number of patterns is bounded twice. The seventeenth pattern with the same first segment
// counts under first:{}, and what comes after the limit counts under "other". Which patterns get a place is decided by who comes first.
internal sealed class KeyPatterns
{
    /// <summary>The most that <see cref="CacheOptions.KeyPatternLimit"/> allows; entries keep a pattern's number in 15 bits.</summary>
    public const int HighestLimit = 10_000;

    private const int Segments = 4;
    private const int LongestWord = 32;
    private const int PatternsPerFirst = 16;
    private const int KnownPlaces = 256;
    private const int LongestPattern = Segments * (LongestWord + 1);

    private static readonly SearchValues<char> OfWords = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_./");

    private readonly Lock _lock = new(); // guards additions, and _perFirst
    private readonly KeyHash _hash = new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))));
    private readonly Known?[] _known = new Known?[KnownPlaces]; // patterns that were looked up lately, by the hashes of their texts; what is known stays so
    private readonly ConcurrentDictionary<string, KeyPattern> _patterns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _perFirst = new(StringComparer.Ordinal); // at most one per pattern
    private volatile bool _isFull;

    private readonly int _limit;
    private KeyPattern[] _byNumber; // grows by copies; a number is in it before anybody knows the number

    public KeyPatterns(int limit)
    {
        _limit = limit;
        Other = new KeyPattern("other", 0, Hits);
        _byNumber = [Other];
    }

    public KeyPattern Other { get; }

    /// <summary>The hits of all patterns.</summary>
    public HitCounters Hits { get; } = new();

    /// <summary>What the second level did for all patterns.</summary>
    public RemoteFigures Remote { get; } = new();

    public KeyPattern this[int number] => Volatile.Read(ref _byNumber)[number];

    /// <summary>Those that have been seen, <see cref="Other"/> included if it was needed.</summary>
    public IEnumerable<KeyPattern> All => _isFull ? _patterns.Values.Append(Other) : _patterns.Values;

    public KeyPattern Of(ReadOnlySpan<char> key)
    {
        var hash = HashOf(key);
        ref var place = ref _known[(int)(hash >> 32) & (KnownPlaces - 1)];
        if (Volatile.Read(ref place) is not { } known || known.Hash != hash)
        {
            known = new Known(hash, Look(key));
            Volatile.Write(ref place, known);
        }

        return known.Pattern;
    }

    /// <summary>A hash of the key's pattern. Which keys share one is not known to those who do not know the secret, and would do no harm but to figures.</summary>
    private ulong HashOf(ReadOnlySpan<char> key)
    {
        var hash = 0ul;
        for (var segment = 1; ; segment++)
        {
            var colon = key.IndexOf(':');
            var word = colon < 0 ? key : key[..colon];
            hash = _hash.Add(hash, IsWord(word) ? word : "{}");
            if (colon < 0 || segment == Segments)
            {
                return hash;
            }

            key = key[(colon + 1)..];
        }
    }

    private KeyPattern Look(ReadOnlySpan<char> key)
    {
        Span<char> buffer = stackalloc char[LongestPattern];
        var text = buffer[..Write(key, buffer)];
        var lookup = _patterns.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(text, out var pattern))
        {
            return pattern;
        }

        return _isFull ? OfFirst(text, lookup) ?? Other : Add(text, lookup);
    }

    private KeyPattern Add(ReadOnlySpan<char> text, ConcurrentDictionary<string, KeyPattern>.AlternateLookup<ReadOnlySpan<char>> lookup)
    {
        lock (_lock)
        {
            if (lookup.TryGetValue(text, out var pattern))
            {
                return pattern;
            }

            var first = First(text).ToString();
            var siblings = _perFirst.GetValueOrDefault(first);
            if (siblings >= PatternsPerFirst && OfFirst(text, lookup) is { } shared)
            {
                return shared;
            }

            if (_patterns.Count >= _limit)
            {
                _isFull = true;
                return OfFirst(text, lookup) ?? Other;
            }

            _perFirst[first] = siblings + 1;
            var name = siblings >= PatternsPerFirst ? $"{first}:{{}}" : text.ToString();
            return _patterns.TryGetValue(name, out var known) ? known : Enter(name);
        }
    }

    private KeyPattern Enter(string name)
    {
        var added = new KeyPattern(name, _byNumber.Length, Hits);
        Volatile.Write(ref _byNumber, [.. _byNumber, added]);
        _patterns[name] = added;
        return added;
    }

    private static KeyPattern? OfFirst(ReadOnlySpan<char> text, ConcurrentDictionary<string, KeyPattern>.AlternateLookup<ReadOnlySpan<char>> lookup)
    {
        var first = First(text);
        Span<char> shared = stackalloc char[first.Length + 3];
        first.CopyTo(shared);
        ":{}".CopyTo(shared[first.Length..]);
        return lookup.TryGetValue(shared, out var pattern) ? pattern : null;
    }

    private static ReadOnlySpan<char> First(ReadOnlySpan<char> text) => text.IndexOf(':') is var colon and >= 0 ? text[..colon] : text;

    private static int Write(ReadOnlySpan<char> key, Span<char> buffer)
    {
        var length = 0;
        for (var segment = 0; segment < Segments; segment++)
        {
            var colon = key.IndexOf(':');
            var word = colon < 0 ? key : key[..colon];
            word = IsWord(word) ? word : "{}";
            if (segment > 0)
            {
                buffer[length++] = ':';
            }

            word.CopyTo(buffer[length..]);
            length += word.Length;
            if (colon < 0)
            {
                break;
            }

            key = key[(colon + 1)..];
        }

        return length;
    }

    private static bool IsWord(ReadOnlySpan<char> segment)
    {
        if (segment.Length is 0 or > LongestWord)
        {
            return segment.Length == 0;
        }

        if (segment[0] == 'v' && segment.Length is >= 2 and <= 5 && segment[1..].IndexOfAnyExceptInRange('0', '9') < 0)
        {
            return true;
        }

        return !segment.ContainsAnyExcept(OfWords);
    }

    private sealed record Known(ulong Hash, KeyPattern Pattern);
}
