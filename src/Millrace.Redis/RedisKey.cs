using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.Redis;

/// <summary>
/// A key: text, sent as UTF-8, or bytes. Methods that take one know which server of a cluster holds it; mark the keys among the arguments
/// of a command of your own by passing this type. Bytes are not copied: they must not
/// change until the call that got them has returned.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct RedisKey : IEquatable<RedisKey>
{
    private readonly string? _text;
    private readonly ReadOnlyMemory<byte> _bytes;

    /// <summary>Makes a key of text.</summary>
    /// <param name="text">The key; may be empty, as Redis allows.</param>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    public RedisKey(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _text = text;
    }

    /// <summary>Makes a key of bytes.</summary>
    /// <param name="bytes">The key; may be empty, as Redis allows.</param>
    public RedisKey(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>Whether it was made of text, which cannot change.</summary>
    internal bool IsText => _text is not null;

    /// <summary>The slot of a cluster that has it, from 0 to 16383. On any other server it means nothing.</summary>
    public int HashSlot => Protocol.HashSlot.Of(Argument);

    internal bool IsEmpty => _text is null ? _bytes.IsEmpty : _text.Length == 0;

    internal RedisArgument Argument => _text is null ? RedisArgument.OfKey(_bytes) : RedisArgument.OfKey(_text);

    /// <summary>Makes a key of text.</summary>
    /// <param name="text">The key; not null.</param>
    public static implicit operator RedisKey(string text) => new(text);

    /// <summary>Makes a key of bytes.</summary>
    /// <param name="bytes">The key; null counts as empty.</param>
    public static implicit operator RedisKey(byte[] bytes) => new(bytes.AsMemory());

    /// <summary>Makes a key of bytes.</summary>
    /// <param name="bytes">The key.</param>
    public static implicit operator RedisKey(ReadOnlyMemory<byte> bytes) => new(bytes);

    /// <summary>Whether both are the same bytes on the wire.</summary>
    /// <param name="left">One key.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(RedisKey left, RedisKey right) => left.Equals(right);

    /// <summary>Whether both differ on the wire.</summary>
    /// <param name="left">One key.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(RedisKey left, RedisKey right) => !left.Equals(right);

    /// <summary>Its bytes on the wire, a copy.</summary>
    public byte[] ToArray() => _text is null ? _bytes.ToArray() : Encoding.UTF8.GetBytes(_text);

    /// <inheritdoc />
    public bool Equals(RedisKey other) =>
        (_text is not null && string.Equals(_text, other._text, StringComparison.Ordinal))
        || ToArray().AsSpan().SequenceEqual(other.ToArray()); // different texts that are no UTF-16 may be the same bytes

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is RedisKey other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(ToArray());
        return hash.ToHashCode();
    }

    /// <summary>The key as text: bytes that are no UTF-8 show as replacement characters.</summary>
    public override string ToString() => _text ?? Encoding.UTF8.GetString(_bytes.Span);
}
