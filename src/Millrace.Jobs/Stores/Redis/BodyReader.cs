using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Reads a <see cref="JobBody"/>; what does not fit is an <see cref="InvalidDataException"/>.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct BodyReader(ReadOnlyMemory<byte> bytes)
{
    /// <summary>Most bytes of a character in UTF-8.</summary>
    private const int MaximumCharacterBytes = 3;

    private int _at;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(sizeof(ushort)));

    public double Double()
    {
        var value = BinaryPrimitives.ReadDoubleBigEndian(Take(sizeof(double)));
        return value is >= 0 and < 1e14 ? value : throw Invalid();
    }

    public ulong Number()
    {
        var value = 0UL;
        for (var shift = 0; shift < 63; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Invalid();
    }

    public string Text(int maximumLength)
    {
        var length = Number();
        return length <= (ulong)maximumLength * MaximumCharacterBytes ? Raw((int)length) : throw Invalid();
    }

    public string Raw(int length) => Encoding.UTF8.GetString(Take(length));

    public readonly ReadOnlyMemory<byte> Rest() => bytes[_at..];

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > bytes.Length - _at)
        {
            throw Invalid();
        }

        _at += length;
        return bytes.Span.Slice(_at - length, length);
    }

    private static InvalidDataException Invalid() =>
        new("The job store holds a job that is not valid: something else wrote to its keys. Remove it with its id.");
}
