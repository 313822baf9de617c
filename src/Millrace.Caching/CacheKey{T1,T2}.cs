using Millrace.Caching.Keys;

namespace Millrace.Caching;

/// <summary>Makes keys of two parts; from <see cref="CacheKeys.With{T1, T2}()"/>. Immutable and thread-safe.</summary>
/// <typeparam name="T1">The type of the first part.</typeparam>
/// <typeparam name="T2">The type of the second part.</typeparam>
public sealed class CacheKey<T1, T2>
{
    private readonly CacheKeys _keys;

    internal CacheKey(CacheKeys keys)
    {
        CacheKeys.CheckPart(typeof(T1));
        CacheKeys.CheckPart(typeof(T2));
        _keys = keys;
    }

    /// <summary>The pattern that all these keys fit, for <see cref="Cache.RemoveByPatternAsync(string, CancellationToken)"/>.</summary>
    public string Pattern => _keys.Pattern;

    /// <summary>The key.</summary>
    /// <exception cref="ArgumentNullException">A part is null.</exception>
    /// <exception cref="ArgumentException">The key would be too long, or a part is no valid Unicode.</exception>
    public string Of(T1 first, T2 second) => KeyText.Make(_keys.Prefix, (2, first, second, ""), "");

    /// <summary>The pattern of all keys that have the first part in common, for <see cref="Cache.RemoveByPatternAsync(string, CancellationToken)"/>: what it holds cannot widen it.</summary>
    /// <exception cref="ArgumentNullException">A part is null.</exception>
    /// <exception cref="ArgumentException">The pattern would be too long, or a part is no valid Unicode.</exception>
    public string Under(T1 first) => KeyText.Make(_keys.Prefix, (1, first, "", ""), ":*");
}
