using System.Runtime.InteropServices;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

/// <summary>
/// One argument of a command: text (sent as UTF-8), bytes, a number or a key. It is written into the command when the method that takes it
/// is called; bytes are not copied before, and not looked at afterwards. Making one allocates nothing.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct RedisArgument
{
    private readonly object? _source; // string, byte[] or MemoryManager<byte>; null for numbers and for empty
    private readonly long _bits;      // a number, or the start and the length of the bytes
    private readonly ArgumentKind _kind;

    private RedisArgument(object? source, long bits, ArgumentKind kind)
    {
        _source = source;
        _bits = bits;
        _kind = kind;
    }

    /// <summary>Whether it is a key, which decides the server of a cluster.</summary>
    public bool IsKey => _kind.HasFlag(ArgumentKind.Key);

    internal object? Source => _source;

    internal long Bits => _bits;

    internal ArgumentKind Kind => _kind & ~ArgumentKind.Key;

    /// <summary>Text, sent as UTF-8.</summary>
    /// <param name="text">The argument; not null.</param>
    public static implicit operator RedisArgument(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new RedisArgument(text, bits: 0, ArgumentKind.Text);
    }

    /// <summary>Bytes.</summary>
    /// <param name="bytes">The argument; null counts as empty.</param>
    public static implicit operator RedisArgument(byte[] bytes) => OfBytes(bytes.AsMemory(), ArgumentKind.Bytes);

    /// <summary>Bytes.</summary>
    /// <param name="bytes">The argument.</param>
    public static implicit operator RedisArgument(ReadOnlyMemory<byte> bytes) => OfBytes(bytes, ArgumentKind.Bytes);

    /// <summary>Bytes.</summary>
    /// <param name="bytes">The argument.</param>
    public static implicit operator RedisArgument(Memory<byte> bytes) => OfBytes(bytes, ArgumentKind.Bytes);

    /// <summary>A whole number, in decimal.</summary>
    /// <param name="number">The argument.</param>
    public static implicit operator RedisArgument(int number) => new(null, number, ArgumentKind.Integer);

    /// <summary>A whole number, in decimal.</summary>
    /// <param name="number">The argument.</param>
    public static implicit operator RedisArgument(long number) => new(null, number, ArgumentKind.Integer);

    /// <summary>A number in the shortest form that reads back as the same; infinity is <c>inf</c> or <c>-inf</c>, as Redis writes it.</summary>
    /// <param name="number">The argument.</param>
    public static implicit operator RedisArgument(double number) =>
        new(null, BitConverter.DoubleToInt64Bits(number), ArgumentKind.Double);

    /// <summary>A key.</summary>
    /// <param name="key">The argument.</param>
    public static implicit operator RedisArgument(RedisKey key) => key.Argument;

    /// <summary>What kind of argument it is. Its content is not shown, because it may be a secret.</summary>
    public override string ToString() => IsKey ? "key" : Kind.ToString();

    internal static RedisArgument OfKey(string text) => new(text, bits: 0, ArgumentKind.Text | ArgumentKind.Key);

    internal static RedisArgument OfKey(ReadOnlyMemory<byte> bytes) => OfBytes(bytes, ArgumentKind.Bytes | ArgumentKind.Key);

    private static RedisArgument OfBytes(ReadOnlyMemory<byte> bytes, ArgumentKind kind)
    {
        if (MemoryMarshal.TryGetArray(bytes, out var array))
        {
            return new RedisArgument(array.Array, Pack(array.Offset, array.Count), kind);
        }

        if (MemoryMarshal.TryGetMemoryManager<byte, System.Buffers.MemoryManager<byte>>(bytes, out var manager, out var start, out var length))
        {
            return new RedisArgument(manager, Pack(start, length), kind);
        }

        return new RedisArgument(bytes.ToArray(), Pack(0, bytes.Length), kind);
    }

    private static long Pack(int start, int length) => ((long)start << 32) | (uint)length;
}
