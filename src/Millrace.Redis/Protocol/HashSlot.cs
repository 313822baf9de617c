using System.Text;

namespace Millrace.Redis.Protocol;

/// <summary>
/// Which of a cluster's 16,384 slots holds a key: CRC-16 (XMODEM) of the key, or of what stands in its first pair of braces when that is not
/// empty (the hash tag). Source: the Redis cluster specification, "Key distribution model" and "Hash tags".
/// </summary>
internal static class HashSlot
{
    public const int Count = 16384;

    private static readonly ushort[] Table = CreateTable();

    /// <summary>The slot of a key given as an argument.</summary>
    public static int Of(in RedisArgument key)
    {
        if (key.Kind != ArgumentKind.Text)
        {
            return Of(CommandEncoder.Bytes(key));
        }

        var text = (string)key.Source!;
        Span<byte> bytes = text.Length <= 256 ? stackalloc byte[3 * text.Length] : new byte[Encoding.UTF8.GetByteCount(text)];
        return Of(bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    /// <summary>The slot of a key.</summary>
    public static int Of(ReadOnlySpan<byte> key)
    {
        var open = key.IndexOf((byte)'{');
        if (open >= 0)
        {
            var length = key[(open + 1)..].IndexOf((byte)'}');
            if (length > 0)
            {
                key = key.Slice(open + 1, length);
            }
        }

        var crc = 0;
        foreach (var b in key)
        {
            crc = ((crc << 8) ^ Table[((crc >> 8) ^ b) & 0xff]) & 0xffff;
        }

        return crc & (Count - 1);
    }

    private static ushort[] CreateTable()
    {
        var table = new ushort[256];
        for (var i = 0; i < table.Length; i++)
        {
            var crc = i << 8;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
            }

            table[i] = (ushort)crc;
        }

        return table;
    }
}
