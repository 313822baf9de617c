using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Writes a <see cref="JobBody"/> into an array that is large enough.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct BodyWriter(byte[] bytes)
{
    private int _length;

    public readonly int Length => _length;

    public void Byte(byte value) => bytes[_length++] = value;

    public void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(_length), value);
        _length += sizeof(ushort);
    }

    public readonly void UInt16At(int place, ushort value) => BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(place), value);

    public void Number(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }

        Byte((byte)value);
    }

    public void Text(string text)
    {
        Number((ulong)Encoding.UTF8.GetByteCount(text));
        Raw(text);
    }

    public void Raw(string text) => _length += Encoding.UTF8.GetBytes(text, bytes.AsSpan(_length));

    public void Raw(ReadOnlySpan<byte> content)
    {
        content.CopyTo(bytes.AsSpan(_length));
        _length += content.Length;
    }

    public readonly byte[] ToArray() => bytes.AsSpan(0, _length).ToArray();
}
