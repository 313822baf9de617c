using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>What one queue tells others, as it stands in its outbox. Delivering it twice does no more than delivering it once.</summary>
/// <remarks>An end is written by scripts: the letter e, then queue and id of the job to tell, id of the one that ended, its state, its result behind a plus or a minus for none, with zero
/// bytes between them. A flow is written here: the letter f, the length and text of its name, then its shares in the order in which they must be delivered; each the length and
/// text of its queue, its number, how many arguments, and the length and bytes of each. Lengths and numbers are 4 bytes, the highest first.</remarks>
internal sealed class FlowMessage
{
    private const byte EndLetter = (byte)'e';
    private const byte FlowLetter = (byte)'f';

    /// <summary>The flow's name; null for an end.</summary>
    public string? Flow { get; private init; }

    /// <summary>The script calls, in order.</summary>
    public required IReadOnlyList<Share> Shares { get; init; }

    public static byte[] Write(string flow, IReadOnlyList<Share> shares)
    {
        var writer = new ArrayBufferWriter<byte>();
        writer.Write([FlowLetter]);
        Text(writer, Encoding.UTF8.GetBytes(flow));
        foreach (var share in shares)
        {
            Text(writer, Encoding.UTF8.GetBytes(share.Queue));
            Number(writer, share.Number);
            Number(writer, share.Arguments.Count);
            foreach (var argument in share.Arguments)
            {
                Text(writer, argument);
            }
        }

        return writer.WrittenSpan.ToArray();
    }

    /// <param name="queue">Whose outbox it comes from.</param>
    /// <param name="message">The message.</param>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static FlowMessage Read(string queue, byte[] message) => message.FirstOrDefault() switch
    {
        EndLetter => ReadEnd(queue, message),
        FlowLetter => ReadFlow(message),
        _ => throw Invalid(),
    };

    private static FlowMessage ReadEnd(string queue, byte[] message)
    {
        var parts = new byte[5][];
        var at = 2;
        for (var i = 0; i < 4; i++)
        {
            var length = at > message.Length ? -1 : message.AsSpan(at).IndexOf((byte)0);
            parts[i] = length < 0 ? throw Invalid() : message[at..(at + length)];
            at += length + 1;
        }

        parts[4] = message[at..];
        return new FlowMessage { Shares = [new Share(Encoding.UTF8.GetString(parts[0]), 0, [parts[1], Encoding.UTF8.GetBytes(queue), parts[2], parts[3], parts[4]])] };
    }

    private static FlowMessage ReadFlow(byte[] message)
    {
        var at = 1;
        var (flow, shares) = (Encoding.UTF8.GetString(ReadText(message, ref at)), new List<Share>());
        while (at < message.Length)
        {
            var (queue, number) = (Encoding.UTF8.GetString(ReadText(message, ref at)), ReadNumber(message, ref at));
            var arguments = new byte[ReadNumber(message, ref at)][];
            for (var i = 0; i < arguments.Length; i++)
            {
                arguments[i] = ReadText(message, ref at);
            }

            shares.Add(new Share(queue, number, arguments));
        }

        return new FlowMessage { Flow = flow, Shares = shares };
    }

    private static void Text(ArrayBufferWriter<byte> writer, ReadOnlySpan<byte> text)
    {
        Number(writer, text.Length);
        writer.Write(text);
    }

    private static void Number(ArrayBufferWriter<byte> writer, int number)
    {
        BinaryPrimitives.WriteInt32BigEndian(writer.GetSpan(sizeof(int)), number);
        writer.Advance(sizeof(int));
    }

    private static byte[] ReadText(byte[] message, ref int at)
    {
        var length = ReadNumber(message, ref at);
        at += length;
        return message[(at - length)..at];
    }

    /// <summary>A number that is no larger than what is left.</summary>
    private static int ReadNumber(byte[] message, ref int at)
    {
        if (message.Length - at < sizeof(int))
        {
            throw Invalid();
        }

        var number = BinaryPrimitives.ReadInt32BigEndian(message.AsSpan(at));
        at += sizeof(int);
        return number >= 0 && number <= message.Length - at ? number : throw Invalid();
    }

    private static InvalidDataException Invalid() => new("The job store holds a message between queues that is not valid: something else wrote to its keys, or a newer Millrace did.");

    /// <summary>One call of a script on one queue.</summary>
    /// <param name="Queue">The queue.</param>
    /// <param name="Number">Of a flow: 1 to 3; 0 for an end.</param>
    /// <param name="Arguments">The script's, behind the clock, and of a flow behind its name and the number.</param>
    internal sealed record Share(string Queue, int Number, IReadOnlyList<byte[]> Arguments);
}
