using System.Buffers;
using System.Globalization;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Tests.Protocol;

/// <summary>The buffers of a connection: replies and commands longer than a block, and that blocks are given back.</summary>
public sealed class BufferTests
{
    private const int Kilobyte = 1024;

    [Theory]
    [InlineData(64 * Kilobyte)]
    [InlineData((64 * Kilobyte) - 9)]
    [InlineData(65_530)]
    [InlineData(1024 * Kilobyte)]
    [InlineData((10 * 1024 * Kilobyte) + 7)]
    public void A_payload_that_crosses_blocks_arrives_byte_for_byte(int length)
    {
        var random = new Random(length);
        var payload = new byte[length];
        random.NextBytes(payload);
        byte[] stream = [.. ":1\r\n"u8, .. Bulk(payload), .. "+behind\r\n"u8];
        var buffer = new ReceiveBuffer(RespLimits.Default);
        foreach (var most in new[] { int.MaxValue, 65_536, 1_460, 997 })
        {
            var read = new List<object?>();
            Receive(buffer, stream, most, reply => read.Add(reply.FirstSpan[0] == '$' ? new RespReader(reply).ReadBytes() : Replies.Text(reply)));
            Assert.Equal(["Integer(1)", payload, "SimpleString(behind)"], read);
        }
    }

    [Fact]
    public void A_payload_lands_right_wherever_in_a_block_it_begins()
    {
        var payload = new byte[70_000];
        new Random(1).NextBytes(payload);
        for (var before = 1; before < 66_000; before += 499)
        {
            var buffer = new ReceiveBuffer(RespLimits.Default);
            byte[] stream = [.. Bulk(new byte[before]), .. Bulk(payload), .. "+behind\r\n"u8];
            var read = new List<int>();
            Receive(buffer, stream, int.MaxValue, reply =>
            {
                var reader = new RespReader(reply);
                var bytes = reader.ReadBytes()!;
                read.Add(bytes.Length == payload.Length && bytes.AsSpan().SequenceEqual(payload) ? -1 : bytes.Length);
            });
            Assert.Equal([before, -1, 6], read);
        }
    }

    [Fact]
    public void Many_small_replies_behind_a_large_one_arrive_in_order()
    {
        var small = string.Concat(Enumerable.Range(0, 20_000).Select(static i => $":{i}\r\n$3\r\nabc\r\n"));
        byte[] stream = [.. Bulk(new byte[200_000]), .. Replies.Bytes(small)];
        foreach (var most in new[] { int.MaxValue, 50_000, 4_001 })
        {
            var (next, texts) = (0L, 0);
            var buffer = new ReceiveBuffer(RespLimits.Default);
            Receive(buffer, [.. stream, .. stream], most, reply =>
            {
                var reader = new RespReader(reply);
                if (reader.Type == RespType.Integer)
                {
                    Assert.Equal(next++ % 20_000, reader.ReadInt64());
                }
                else
                {
                    texts++;
                }
            });
            Assert.Equal((40_000, 40_002), (next, texts));
        }
    }

    [Fact]
    public void Long_lines_and_long_lists_cross_blocks_too()
    {
        var lines = string.Concat(Enumerable.Range(0, 40).Select(static i => $"+{new string((char)('A' + i), 30_000 + (i * 900))}\r\n"));
        var stream = Replies.Bytes($"*40\r\n{lines}" + lines);
        foreach (var most in new[] { int.MaxValue, 65_536, 8_191 })
        {
            var buffer = new ReceiveBuffer(RespLimits.Default);
            var read = new List<string>();
            Receive(buffer, stream, most, reply => read.Add(Replies.Text(reply)));
            Assert.Equal(41, read.Count);
            Assert.Equal($"Array[{string.Join(", ", read.Skip(1))}]", read[0]);
        }
    }

    [Fact]
    public void Blocks_are_used_again_so_that_large_replies_do_not_add_up()
    {
        var buffer = new ReceiveBuffer(RespLimits.Default);
        byte[] stream = [.. Bulk(new byte[3_000_000]), .. "+OK\r\n"u8, .. Bulk(new byte[90_000]), .. Bulk(new byte[40_000])];
        Receive(buffer, stream, 70_000, static _ => { });
        Receive(buffer, stream, 70_000, static _ => { });
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 50; i++)
        {
            Receive(buffer, stream, 70_000, static _ => { });
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000); // the links of the chains; the blocks would be 150 MB
    }

    [Fact]
    public void Receiving_and_reading_small_replies_allocates_nothing()
    {
        var buffer = new ReceiveBuffer(RespLimits.Default);
        var stream = Replies.Bytes("$5\r\nhello\r\n:12\r\n+OK\r\n*2\r\n$1\r\na\r\n$-1\r\n%1\r\n+k\r\n,1.5\r\n");
        var destination = new byte[16];
        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            Run();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            stream.CopyTo(buffer.Room());
            buffer.Received(stream.Length);
            while (buffer.TryRead(out var reply))
            {
                var reader = new RespReader(reply);
                switch (reader.Type)
                {
                    case RespType.BulkString:
                        reader.ReadBytes(destination);
                        break;
                    case RespType.Integer:
                        reader.ReadInt64();
                        break;
                    case RespType.SimpleString:
                        reader.ReadBoolean();
                        break;
                    default:
                        reader.Skip();
                        break;
                }

                buffer.Release();
            }
        }
    }

    [Fact]
    public void A_length_of_half_a_gigabyte_takes_only_the_room_that_its_bytes_need()
    {
        var buffer = new ReceiveBuffer(RespLimits.Default);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Receive(buffer, Replies.Bytes("$536870000\r\n" + new string('x', 100_000)), int.MaxValue, static _ => Assert.Fail("It is not complete."));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3_000_000);
    }

    [Fact]
    public void The_send_buffer_keeps_what_is_appended_across_blocks()
    {
        var random = new Random(7);
        var buffer = new SendBuffer();
        for (var round = 0; round < 20; round++)
        {
            Assert.True(buffer.IsEmpty);
            var transport = new RecordingTransport();
            var expected = new List<byte>();
            for (var i = 0; i < 20; i++)
            {
                var bytes = new byte[random.Next(5) switch { 0 => 0, 1 => SendBuffer.BlockBytes, 2 => random.Next(200_000), _ => random.Next(300) }];
                random.NextBytes(bytes);
                buffer.Append(bytes);
                expected.AddRange(bytes);
                Assert.Equal(expected.Count, buffer.Length);
            }

            Assert.False(buffer.IsEmpty);
            buffer.SendTo(transport);
            buffer.Clear();
            Assert.True(expected.SequenceEqual(transport.Sent), string.Create(CultureInfo.InvariantCulture, $"round {round}"));
            Assert.Equal(0, buffer.Length);
        }
    }

    private static byte[] Bulk(byte[] payload) =>
        [.. Replies.Bytes(string.Create(CultureInfo.InvariantCulture, $"${payload.Length}\r\n")), .. payload, .. "\r\n"u8];

    private static void Receive(ReceiveBuffer buffer, ReadOnlySpan<byte> bytes, int most, Action<ReadOnlySequence<byte>> onReply)
    {
        while (!bytes.IsEmpty)
        {
            var room = buffer.Room();
            Assert.True(room.Length > 0);
            var count = Math.Min(Math.Min(room.Length, bytes.Length), most);
            bytes[..count].CopyTo(room);
            buffer.Received(count);
            bytes = bytes[count..];
            while (buffer.TryRead(out var reply))
            {
                onReply(reply);
                buffer.Release();
            }
        }
    }

    private sealed class RecordingTransport : Transport
    {
        public List<byte> Sent { get; } = [];

        public override int Receive(Span<byte> destination) => throw new NotSupportedException();

        public override void Send(ReadOnlySpan<byte> bytes) => Sent.AddRange(bytes);

        public override void Close()
        {
        }
    }
}
