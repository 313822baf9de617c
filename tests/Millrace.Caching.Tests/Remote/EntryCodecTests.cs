using System.Buffers;
using System.Text;
using Millrace.Caching.Remote;

namespace Millrace.Caching.Tests.Remote;

[Trait("req", "C-14")]
public sealed class EntryCodecTests
{
    private const int Maximum = 64 * 1024 * 1024;

    public static TheoryData<int, int, bool> Sizes => new()
    {
        { 0, 0, false }, { 1, 1, false }, { 100, 0, false }, { 5000, 3, false }, { 5000, 3, true }, { 10 * 1024 * 1024, 1, true },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void What_is_written_is_read(int length, int tags, bool compresses)
    {
        var payload = Encoding.ASCII.GetBytes(new string('x', length));
        var entry = new RemoteEntry(1_764_000_000_123_456, 1_764_000_000_999, EntryFlags.None, -7, [.. Enumerable.Range(0, tags).Select(static i => $"täg{i}")], payload, length);

        var bytes = EntryCodec.Write(entry, compresses ? 1024 : int.MaxValue);

        Assert.Equal(EntryKind.Entry, Read(bytes, [], Maximum, out var read));
        Assert.Equal((entry.Stamp, entry.ExpiresAt, entry.Schema), (read.Stamp, read.ExpiresAt, read.Schema));
        Assert.Equal(entry.Tags, read.Tags);
        Assert.Equal(compresses, read.Flags.HasFlag(EntryFlags.Compressed));
        Assert.Equal(payload, EntryCodec.Unpack(read)!.Value.ToArray());
        Assert.Equal(compresses, bytes.Length < length);
    }

    [Fact]
    public void Tags_that_are_expected_are_not_made_anew()
    {
        string[] expected = ["a", "b"];
        var bytes = EntryCodec.Write(new RemoteEntry(1, 2, EntryFlags.Null, 3, ["a", "b"], default, 0), int.MaxValue);

        Read(bytes, expected, Maximum, out var same);
        Read(bytes, ["a", "c"], Maximum, out var other);

        Assert.Same(expected, same.Tags);
        Assert.Equal(expected, other.Tags);
    }

    [Fact]
    public void No_cut_and_no_changed_byte_is_taken_for_an_entry_with_other_content()
    {
        var entry = new RemoteEntry(1_764_000_000_123_456, 1_764_000_000_999, EntryFlags.None, 5, ["t1", "t2"], Encoding.ASCII.GetBytes("payload"), 7);
        var bytes = EntryCodec.Write(entry, int.MaxValue);

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.NotEqual(EntryKind.Entry, Read(bytes[..length], [], Maximum, out _));
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            var damaged = bytes.ToArray();
            damaged[i] ^= 0x10;
            var kind = Read(damaged, [], Maximum, out var read);
            if (kind == EntryKind.Entry)
            {
                Assert.InRange(i, 2, EntryCodec.HeadLength - 1); // flags and stamp are not under the checksum: scripts write the stamp
                Assert.Equal("payload", Encoding.ASCII.GetString(read.Payload.Span));
            }
        }
    }

    [Fact]
    public void Random_bytes_are_never_an_exception()
    {
        var random = new Random(20261128);
        var valid = EntryCodec.Write(new RemoteEntry(1, 2, EntryFlags.None, 3, ["t"], new byte[100], 100), compressAbove: 10);
        for (var i = 0; i < 200_000; i++)
        {
            var bytes = random.Next(2) == 0 ? new byte[random.Next(200)] : valid.ToArray();
            if (bytes.Length == valid.Length)
            {
                for (var flips = random.Next(1, 6); flips > 0; flips--)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }
            }
            else
            {
                random.NextBytes(bytes);
            }

            if (Read(bytes, ["t"], 1000, out var entry) == EntryKind.Entry)
            {
                EntryCodec.Unpack(entry);
            }
        }
    }

    [Fact]
    public void A_payload_that_claims_to_be_longer_than_is_allowed_is_refused_before_anything_is_allocated()
    {
        var bytes = EntryCodec.Write(new RemoteEntry(1, 2, EntryFlags.None, 3, [], new byte[5000], 5000), compressAbove: 10);

        Assert.Equal(EntryKind.Unreadable, Read(bytes, [], 4999, out _));
    }

    [Fact]
    public void A_lease_is_told_from_an_entry()
    {
        var lease = EntryCodec.WriteLease(new byte[EntryCodec.TokenLength], 1_764_000_000_999);

        Assert.Equal(EntryKind.Lease, Read(lease, [], Maximum, out _));
        Assert.Equal(1_764_000_000_999, EntryCodec.LeaseEnd(lease, 0));
    }

    /// <summary>Reads bytes as they may come in: in an array, in one piece, in several. All have to come to the same.</summary>
    private static EntryKind Read(byte[] bytes, string[] tags, int maximum, out RemoteEntry entry)
    {
        var kind = EntryCodec.Read(EntryCodec.Cut(bytes), tags, maximum, out entry);
        foreach (var pieces in (int[])[1, 2, 3])
        {
            var received = Received(bytes, pieces);
            Assert.Equal(kind, EntryCodec.Read(EntryCodec.Cut(received), tags, maximum, out var other));
            Assert.Equal((entry.Stamp, entry.ExpiresAt, entry.Schema, entry.Flags, entry.PayloadBytes), (other.Stamp, other.ExpiresAt, other.Schema, other.Flags, other.PayloadBytes));
            Assert.Equal(entry.Tags, other.Tags);
            Assert.True(entry.Payload.Span.SequenceEqual(other.Payload.Span));
        }

        return kind;
    }

    private static ReadOnlySequence<byte> Received(byte[] bytes, int pieces)
    {
        if (pieces == 1)
        {
            return new ReadOnlySequence<byte>(bytes);
        }

        var length = (bytes.Length / pieces) + 1;
        var (first, last) = ((Piece?)null, (Piece?)null);
        for (var at = 0; at < bytes.Length || first is null; at += length)
        {
            last = new Piece(bytes.AsMemory(at, Math.Min(length, bytes.Length - at)), last);
            first ??= last;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            RunningIndex = before is null ? 0 : before.RunningIndex + before.Memory.Length;
            before?.Next = this;
        }
    }
}
