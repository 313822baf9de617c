using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Millrace.Caching.Naming;

/// <summary>
/// A hash of keys under a secret: 16 bytes per round, each round one multiplication of 64 by 64 bits whose halves are folded together (the
/// construction of wyhash by Wang Yi, 2019; own code). Half the time of the runtime's randomized hash on short keys. Who does not know the secret
/// cannot aim at collisions.
/// </summary>
/// <param name="seed">The secret.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly struct KeyHash(ulong seed)
{
    private readonly ulong _a = Odd(seed, 0xA0761D6478BD642F);
    private readonly ulong _b = Odd(seed, 0xE7037ED1A0B428DB);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Of(ReadOnlySpan<char> key)
    {
        var state = Add(0, key);
        return (int)(state ^ (state >> 32));
    }

    /// <summary>The hash of a text that comes after those whose hash is <paramref name="before"/>; 0: none do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Add(ulong before, ReadOnlySpan<char> key)
    {
        ref var at = ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(key));
        var left = key.Length * sizeof(char);
        var state = _b ^ before ^ (uint)left;
        for (; left > 16; left -= 16)
        {
            state = Fold(Word(ref at) ^ _a, Word(ref Unsafe.Add(ref at, 8)) ^ state);
            at = ref Unsafe.Add(ref at, 16);
        }

        ulong first, second;
        if (left >= 8)
        {
            (first, second) = (Word(ref at), Word(ref Unsafe.Add(ref at, left - 8)));
        }
        else if (left >= 4)
        {
            (first, second) = (Half(ref at), Half(ref Unsafe.Add(ref at, left - 4)));
        }
        else
        {
            (first, second) = (left > 0 ? Unsafe.ReadUnaligned<ushort>(ref at) : 0ul, 0);
        }

        return Fold(first ^ _a, second ^ state);
    }

    private static ulong Odd(ulong seed, ulong salt) => Fold(seed ^ salt, salt) | 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong x, ulong y) =>
        Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(x, y) ^ (x * y) // two multiplications at once, where BigMul passes the low half through memory
            : Math.BigMul(x, y, out var low) ^ low;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Word(ref byte at) => Unsafe.ReadUnaligned<ulong>(ref at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Half(ref byte at) => Unsafe.ReadUnaligned<uint>(ref at);
}
