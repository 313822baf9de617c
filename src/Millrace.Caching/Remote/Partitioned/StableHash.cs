using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Millrace.Caching.Remote.Partitioned;

/// <summary>
/// XXH64 with seed 0 (Yann Collet, the specification in https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md; own code) of a text's UTF-8 bytes:
/// the same in every process, on every machine, for ever, because it decides which server has a key.
/// </summary>
internal static class StableHash
{
    private const ulong P1 = 0x9E3779B185EBCA87;
    private const ulong P2 = 0xC2B2AE3D27D4EB4F;
    private const ulong P3 = 0x165667B19E3779F9;
    private const ulong P4 = 0x85EBCA77C2B2AE63;
    private const ulong P5 = 0x27D4EB2F165667C5;
    private const int StackBytes = 512;
    private const int Stripe = 32;

    public static ulong Of(ReadOnlySpan<char> text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (most <= StackBytes)
        {
            Span<byte> bytes = stackalloc byte[StackBytes];
            return Of(bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
        }

        var rented = ArrayPool<byte>.Shared.Rent(most);
        var hash = Of(rented.AsSpan(0, Encoding.UTF8.GetBytes(text, rented)));
        ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }

    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        var length = (ulong)bytes.Length;
        var hash = bytes.Length >= Stripe ? Stripes(ref bytes) : P5;
        hash += length;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            hash ^= Round(0, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            hash = (BitOperations.RotateLeft(hash, 27) * P1) + P4;
        }

        if (bytes.Length >= sizeof(uint))
        {
            hash ^= BinaryPrimitives.ReadUInt32LittleEndian(bytes) * P1;
            hash = (BitOperations.RotateLeft(hash, 23) * P2) + P3;
            bytes = bytes[sizeof(uint)..];
        }

        foreach (var rest in bytes)
        {
            hash ^= rest * P5;
            hash = BitOperations.RotateLeft(hash, 11) * P1;
        }

        hash = (hash ^ (hash >> 33)) * P2;
        hash = (hash ^ (hash >> 29)) * P3;
        return hash ^ (hash >> 32);
    }

    private static ulong Stripes(ref ReadOnlySpan<byte> bytes)
    {
        var (a, b, c, d) = (unchecked(P1 + P2), P2, 0ul, unchecked(0 - P1));
        for (; bytes.Length >= Stripe; bytes = bytes[Stripe..])
        {
            a = Round(a, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            b = Round(b, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
            c = Round(c, BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]));
            d = Round(d, BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
        }

        var hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
        hash = Merge(hash, a);
        hash = Merge(hash, b);
        hash = Merge(hash, c);
        return Merge(hash, d);
    }

    private static ulong Round(ulong lane, ulong word) => BitOperations.RotateLeft(lane + (word * P2), 31) * P1;

    private static ulong Merge(ulong hash, ulong lane) => ((hash ^ Round(0, lane)) * P1) + P4;
}
