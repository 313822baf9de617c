using Millrace.Caching.Keys;

namespace Millrace.Caching;

/// <summary>Makes keys of one part; from <see cref="CacheKeys.With{T}()"/>. Immutable and thread-safe.</summary>
/// <typeparam name="T">The type of the part.</typeparam>
public sealed class CacheKey<T>
{
    private readonly CacheKeys _keys;

    internal CacheKey(CacheKeys keys)
    {
        CacheKeys.CheckPart(typeof(T));
        _keys = keys;
    }

    /// <summary>The pattern that all these keys fit, for <see cref="Cache.RemoveByPatternAsync(string, CancellationToken)"/>.</summary>
    public string Pattern => _keys.Pattern;

    /// <summary>The key.</summary>
    /// <exception cref="ArgumentNullException">A part is null.</exception>
    /// <exception cref="ArgumentException">The key would be too long, or a part is no valid Unicode.</exception>
    public string Of(T part) => KeyText.Make(_keys.Prefix, (1, part, "", ""), "");
}
