using System.Globalization;
using System.Security.Cryptography;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Tests.Protocol;

/// <summary>
/// Random and spoiled replies, as many as fit into some seconds; <c>MILLRACE_FUZZ_FRAMES=10000000</c> asks for a number instead,
/// <c>MILLRACE_FUZZ_SEED</c> for the seed of a run that failed.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int FramesOfAConnection = 32;
    private const long BytesOfAFrame = 2 * 1024 * 1024; // two blocks of the largest size; a length that was believed would be more
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(8);
    private static readonly RespLimits[] Limits = [RespLimits.Default, new(2_048, 64, 4), new(200_000, 1_000, 128)];

    private readonly byte[][] _valid = new byte[2_000][];
    private long _frames;
    private long _replies;
    private long _refused;
    private long _unread;
    private long _connections;
    private long _largest;

    [Fact(Timeout = 3_600_000)]
    public async Task Nothing_but_the_protocol_error_comes_of_random_bytes_and_no_memory_is_taken_for_them()
    {
        var seed = Number("MILLRACE_FUZZ_SEED") ?? RandomNumberGenerator.GetInt32(int.MaxValue);
        var wanted = Number("MILLRACE_FUZZ_FRAMES");
        var replies = new RandomReplies(new Random((int)seed));
        for (var i = 0; i < _valid.Length; i++)
        {
            _valid[i] = replies.Valid();
        }

        var started = TimeProvider.System.GetTimestamp();
        var run = Task.Factory.StartNew(
            () =>
            {
                while (wanted is { } number ? _frames < number : TimeProvider.System.GetElapsedTime(started) < Duration)
                {
                    // Each connection has a seed of its own, so that it can be run alone.
                    Connect(unchecked((int)(seed + _connections)));
                    Interlocked.Increment(ref _connections);
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        await FinishAsync(run, seed);
        var elapsed = TimeProvider.System.GetElapsedTime(started);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {seed}: {_frames} frames on {_connections} connections in {elapsed.TotalSeconds:F1} s: {_replies} replies, {_refused} protocol errors, {_unread} of another type; at most {_largest} bytes allocated for a frame"));
        Assert.True(_replies > _connections / 10 && _refused > _connections / 10 && _unread > _connections / 100, $"seed {seed}: {_replies} replies, {_refused} refused: too little of one kind was tested");
    }

    private static long? Number(string variable) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Waits for the end, and no longer than connections are finished: an endless loop fails the test.</summary>
    private async Task FinishAsync(Task run, long seed)
    {
        var before = -1L;
        while (!run.IsCompleted)
        {
            var connections = Interlocked.Read(ref _connections);
            Assert.True(connections != before, $"seed {seed}: connection {connections} does not end.");
            before = connections;
            await Task.WhenAny(run, Task.Delay(TimeSpan.FromSeconds(60), TimeProvider.System, TestContext.Current.CancellationToken));
        }

        await run;
    }

    private void Connect(int seed)
    {
        var random = new Random(seed);
        var spoil = new RandomReplies(random);
        var buffer = new ReceiveBuffer(Limits[random.Next(Limits.Length)]);
        for (var i = 0; i < FramesOfAConnection; i++)
        {
            var frame = _valid[random.Next(_valid.Length)];
            if (random.Next(4) != 0)
            {
                frame = spoil.Spoiled(frame, _valid[random.Next(_valid.Length)]);
            }

            _frames++;
            var before = GC.GetAllocatedBytesForCurrentThread();
            bool isUsable;
            try
            {
                isUsable = Receive(buffer, frame, random);
            }
            catch (Exception error) when (error is not RedisException)
            {
                throw new InvalidOperationException($"Seed {seed} (of this connection), frame {i}: {Convert.ToHexString(frame)}", error);
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            _largest = Math.Max(_largest, allocated);
            Assert.True(allocated < BytesOfAFrame, $"seed {seed} (of this connection), frame {i}: {allocated} bytes for {Convert.ToHexString(frame)}");
            if (!isUsable)
            {
                return;
            }
        }
    }

    private bool Receive(ReceiveBuffer buffer, ReadOnlySpan<byte> bytes, Random random)
    {
        while (!bytes.IsEmpty)
        {
            var room = buffer.Room();
            var count = Math.Min(room.Length, random.Next(3) == 0 ? random.Next(1, bytes.Length + 1) : bytes.Length);
            bytes[..count].CopyTo(room);
            buffer.Received(count);
            bytes = bytes[count..];
            while (true)
            {
                System.Buffers.ReadOnlySequence<byte> reply;
                try
                {
                    if (!buffer.TryRead(out reply))
                    {
                        break;
                    }
                }
                catch (RedisProtocolException)
                {
                    _refused++;
                    return false;
                }

                _replies++;
                var skipper = new RespReader(reply);
                skipper.Skip(); // throws nothing: the scanner has checked it
                Assert.Equal(RespType.None, skipper.Type);
                Read(new RespReader(reply), random);
                buffer.Release();
            }
        }

        return true;
    }

    /// <summary>Reads values as types of chance, until one is of another type.</summary>
    private void Read(RespReader reader, Random random)
    {
        Span<byte> destination = stackalloc byte[8];
        try
        {
            for (var values = 0; values < 16 && reader.Type != RespType.None; values++)
            {
                switch (reader.IsAggregate ? random.Next(8, 11) : random.Next(10))
                {
                    case 0:
                        reader.ReadInt64();
                        break;
                    case 1:
                        reader.ReadDouble();
                        break;
                    case 2:
                        reader.ReadBoolean();
                        break;
                    case 3:
                        reader.ReadBytes(destination);
                        break;
                    case 4:
                        reader.ReadBytes();
                        break;
                    case 5:
                        reader.TryReadContent(out _);
                        break;
                    case 6:
                        reader.TryReadNull();
                        break;
                    case 7:
                        reader.ReadError();
                        break;
                    case 8:
                        reader.ReadString();
                        break;
                    case 9:
                        reader.Skip();
                        break;
                    default:
                        reader.ReadAggregateHeader();
                        break;
                }
            }
        }
        catch (RedisException error) when (error is not RedisProtocolException)
        {
            _unread++;
        }
    }
}
