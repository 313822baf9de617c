using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Compression;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.Caching.Remote;

// The format of a value in the second level, version 1. Numbers are little-endian unless they are text.
//
//   offset  bytes  what
//        0      1  0xC5; no text that people type begins with it
//        1      1  version, 1. A reader that does not know it takes the value for a miss
//        2      1  flags (EntryFlags); unknown bits as above
//        3     16  stamp, decimal digits, so that scripts can read and write it: the server's clock in microseconds, when the read began
//   lease only:
//       19     16  token: random, known to its holder only
//       35     16  end of the lease, decimal digits: milliseconds of the server's clock
//   entry only:
//       19      4  CRC-32C of all that follows
//       23      8  expiry: milliseconds of the server's clock
//       31      4  schema of the value's type
//       35      2  number of tags, at most 1,024; then of each: its length in 2 bytes, and UTF-8
//        .      4  length of the payload before compression; then the payload, to the end
//
// The reader trusts nothing: every length is checked against what is there and against its limit before it is used.
internal static class EntryCodec
{
    public const int StampOffset = 3;
    public const int StampLength = 16;
    public const int HeadLength = StampOffset + StampLength;
    public const int TokenLength = 16;

    /// <summary>The beginning of an entry that tells it from every other: head and checksum.</summary>
    public const int MarkLength = HeadLength + 4;

    private const byte Magic = 0xC5;
    private const byte Version = 1;
    private const int LeaseLength = HeadLength + TokenLength + StampLength;
    private const int ChecksumOffset = HeadLength;
    private const int FixedLength = ChecksumOffset + 4 + 8 + 4 + 2;
    private const int MaximumTags = 1024;
    private const EntryFlags Known = EntryFlags.Lease | EntryFlags.Null | EntryFlags.Compressed;

    /// <summary>Writes a lease.</summary>
    public static byte[] WriteLease(ReadOnlySpan<byte> token, long endsAt)
    {
        var bytes = new byte[LeaseLength];
        WriteHead(bytes, EntryFlags.Lease, stamp: 0);
        token.CopyTo(bytes.AsSpan(HeadLength, TokenLength));
        WriteDigits(bytes.AsSpan(HeadLength + TokenLength), endsAt);
        return bytes;
    }

    /// <summary>Writes an entry; with compression where that saves a tenth at least.</summary>
    /// <param name="entry">The entry, its payload not compressed.</param>
    /// <param name="compressAbove">The payload length from which it is compressed.</param>
    public static byte[] Write(in RemoteEntry entry, int compressAbove)
    {
        var payload = entry.Payload.Span;
        var flags = entry.Flags;
        byte[]? packed = null;
        if (payload.Length >= compressAbove)
        {
            packed = ArrayPool<byte>.Shared.Rent(payload.Length);
            if (BrotliEncoder.TryCompress(payload, packed.AsSpan(0, payload.Length - (payload.Length / 10)), out var length, quality: 1, window: 18))
            {
                payload = packed.AsSpan(0, length);
                flags |= EntryFlags.Compressed;
            }
        }

        var tagBytes = 0;
        foreach (var tag in entry.Tags)
        {
            tagBytes += 2 + Encoding.UTF8.GetByteCount(tag);
        }

        var bytes = new byte[FixedLength + tagBytes + 4 + payload.Length];
        WriteHead(bytes, flags, entry.Stamp);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(ChecksumOffset + 4), entry.ExpiresAt);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(ChecksumOffset + 12), entry.Schema);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(ChecksumOffset + 16), (ushort)entry.Tags.Length);
        var at = FixedLength;
        foreach (var tag in entry.Tags)
        {
            var length = Encoding.UTF8.GetBytes(tag, bytes.AsSpan(at + 2));
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)length);
            at += 2 + length;
        }

        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), entry.PayloadBytes);
        payload.CopyTo(bytes.AsSpan(at + 4));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(ChecksumOffset), Checksum(bytes.AsSpan(ChecksumOffset + 4)));
        if (packed is not null)
        {
            ArrayPool<byte>.Shared.Return(packed);
        }

        return bytes;
    }

    /// <summary>Cuts a value as it comes in: the payload of an entry is copied once, to where it stays.</summary>
    public static StoredValue Cut(in ReadOnlySequence<byte> value)
    {
        if (!value.IsSingleSegment)
        {
            return Cut(value.ToArray());
        }

        var bytes = value.FirstSpan;
        var at = PayloadOffset(bytes);
        return at < 0
            ? new StoredValue(bytes[..Math.Min(bytes.Length, LeaseLength)].ToArray(), default, at, IsIntact: false, bytes.Length)
            : new StoredValue(bytes[..at].ToArray(), bytes[at..].ToArray(), at, IsIntact(bytes), bytes.Length);
    }

    /// <summary>The same for a value that is in an array: nothing is copied.</summary>
    public static StoredValue Cut(byte[]? value)
    {
        if (value is null)
        {
            return default;
        }

        var at = PayloadOffset(value);
        return new StoredValue(value, at < 0 ? default : value.AsMemory(at), at, at >= 0 && IsIntact(value), value.Length);
    }

    /// <summary>Reads what stands under a key.</summary>
    /// <param name="stored">The value. An entry keeps its payload.</param>
    /// <param name="expectedTags">The tags that it probably has, to spare new strings.</param>
    /// <param name="maximumPayloadBytes">The longest payload, before compression, that is read.</param>
    /// <param name="entry">The entry, where it is one.</param>
    public static EntryKind Read(in StoredValue stored, string[] expectedTags, int maximumPayloadBytes, out RemoteEntry entry)
    {
        entry = default;
        if (stored.Head is not { } head)
        {
            return EntryKind.Nothing;
        }

        if (stored.PayloadAt < 0)
        {
            return stored.Length == LeaseLength && IsOurs(head) && ((EntryFlags)head[2]).HasFlag(EntryFlags.Lease) ? EntryKind.Lease : EntryKind.Unreadable;
        }

        return stored.IsIntact && TryReadEntry(head, stored, expectedTags, maximumPayloadBytes, out entry) ? EntryKind.Entry : EntryKind.Unreadable;
    }

    /// <summary>Reads the stamp and the tags of an entry of which only the beginning is there. Its checksum is not looked at.</summary>
    /// <returns>False: it is none, or more of it is needed.</returns>
    public static bool TryReadHead(byte[] beginning, out long stamp, out string[] tags)
    {
        (stamp, tags) = (0, []);
        if (beginning.Length < FixedLength || !IsOurs(beginning) || ((EntryFlags)beginning[2]).HasFlag(EntryFlags.Lease))
        {
            return false;
        }

        var count = BinaryPrimitives.ReadUInt16LittleEndian(beginning.AsSpan(ChecksumOffset + 16));
        var at = FixedLength;
        return count <= MaximumTags && TryReadStamp(beginning, out stamp) && TryReadTags(beginning, count, [], ref at, out tags);
    }

    /// <summary>When a lease ends, in milliseconds of the server's clock; now where that cannot be read.</summary>
    public static long LeaseEnd(ReadOnlySpan<byte> lease, long now) =>
        Utf8Parser.TryParse(lease[(HeadLength + TokenLength)..], out long end, out var read) && read == StampLength ? end : now;

    /// <summary>The payload as it was before compression. The caller has checked the entry's length.</summary>
    /// <returns>Null where it cannot be read.</returns>
    public static ReadOnlyMemory<byte>? Unpack(in RemoteEntry entry)
    {
        if (!entry.Flags.HasFlag(EntryFlags.Compressed))
        {
            return entry.Payload;
        }

        var unpacked = new byte[entry.PayloadBytes];
        return BrotliDecoder.TryDecompress(entry.Payload.Span, unpacked, out var written) && written == unpacked.Length ? unpacked : null;
    }

    /// <summary>Writes a number as a stamp is written.</summary>
    public static void WriteDigits(Span<byte> destination, long number)
    {
        if (!Utf8Formatter.TryFormat(number, destination, out var written, new StandardFormat('D', StampLength)) || written != StampLength)
        {
            throw new ArgumentOutOfRangeException(nameof(number), number, $"A stamp has at most {StampLength} digits.");
        }
    }

    private static void WriteHead(byte[] bytes, EntryFlags flags, long stamp)
    {
        (bytes[0], bytes[1], bytes[2]) = (Magic, Version, (byte)flags);
        WriteDigits(bytes.AsSpan(StampOffset, StampLength), stamp);
    }

    private static bool TryReadStamp(ReadOnlySpan<byte> bytes, out long stamp) =>
        Utf8Parser.TryParse(bytes.Slice(StampOffset, StampLength), out stamp, out var read) && read == StampLength && stamp >= 0;

    private static bool IsOurs(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HeadLength && bytes[0] == Magic && bytes[1] == Version && ((EntryFlags)bytes[2] & ~Known) == EntryFlags.None;

    private static bool IsIntact(ReadOnlySpan<byte> entry) =>
        BinaryPrimitives.ReadUInt32LittleEndian(entry[ChecksumOffset..]) == Checksum(entry[(ChecksumOffset + 4)..]);

    /// <summary>Where an entry's payload begins; negative: the value is no entry, or its tags go past its end.</summary>
    private static int PayloadOffset(ReadOnlySpan<byte> value)
    {
        if (value.Length < FixedLength + 4 || !IsOurs(value) || ((EntryFlags)value[2]).HasFlag(EntryFlags.Lease))
        {
            return -1;
        }

        var count = BinaryPrimitives.ReadUInt16LittleEndian(value[(ChecksumOffset + 16)..]);
        var at = FixedLength;
        for (var i = 0; i < count && value.Length - at >= 2; i++)
        {
            at += 2 + BinaryPrimitives.ReadUInt16LittleEndian(value[at..]);
        }

        return count <= MaximumTags && value.Length - at >= 4 ? at + 4 : -1;
    }

    private static bool TryReadEntry(byte[] head, in StoredValue stored, string[] expectedTags, int maximumPayloadBytes, out RemoteEntry entry)
    {
        entry = default;
        var flags = (EntryFlags)head[2];
        var at = FixedLength;
        var tagCount = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(ChecksumOffset + 16));
        if (!TryReadStamp(head, out var stamp) || !TryReadTags(head, tagCount, expectedTags, ref at, out var tags))
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(stored.PayloadAt - 4));
        if (length < 0 || length > maximumPayloadBytes || (!flags.HasFlag(EntryFlags.Compressed) && length != stored.Payload.Length))
        {
            return false;
        }

        entry = new RemoteEntry(
            stamp,
            BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(ChecksumOffset + 4)),
            flags,
            BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(ChecksumOffset + 12)),
            tags,
            stored.Payload,
            length);
        return true;
    }

    private static bool TryReadTags(byte[] bytes, int count, string[] expected, ref int at, out string[] tags)
    {
        tags = count == 0 ? [] : count == expected.Length ? expected : new string[count];
        for (var i = 0; i < count; i++)
        {
            if (bytes.Length - at < 2 || BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at)) is var length && bytes.Length - at - 2 < length)
            {
                return false;
            }

            var utf8 = bytes.AsSpan(at + 2, length);
            at += 2 + length;
            if (ReferenceEquals(tags, expected))
            {
                if (Ascii.Equals(utf8, expected[i]))
                {
                    continue;
                }

                tags = [.. expected[..i], .. new string[count - i]]; // others after all
            }

            tags[i] = Encoding.UTF8.GetString(utf8);
        }

        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return ~crc;
    }
}
