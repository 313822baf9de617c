using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;

namespace Millrace.Redis.Protocol;

/// <summary>Writes commands as RESP: an array of bulk strings, the same in RESP2 and RESP3.</summary>
internal static class CommandEncoder
{
    private const int NumberBytes = 32; // longest number as text
    private const int HeaderBytes = 16; // type, length of up to ten digits, CR LF, and the CR LF after the content

    /// <summary>How many bytes the command needs at most.</summary>
    /// <exception cref="ArgumentException">It would exceed two gigabytes.</exception>
    public static int MaximumLength(CommandName name, ReadOnlySpan<RedisArgument> arguments)
    {
        long length = HeaderBytes + name.Encoded.Length;
        foreach (ref readonly var argument in arguments)
        {
            length += HeaderBytes + argument.Kind switch
            {
                ArgumentKind.Text => TextBytes(Unsafe.As<string>(argument.Source)!),
                ArgumentKind.Bytes => (int)argument.Bits,
                _ => NumberBytes,
            };
        }

        return length <= Array.MaxLength ? (int)length : throw new ArgumentException($"{name.Text} would be over {Array.MaxLength} bytes long: send less at once.", nameof(arguments));
    }

    /// <summary>Writes a command.</summary>
    /// <param name="destination">At least <see cref="MaximumLength"/> bytes.</param>
    /// <param name="name">The command.</param>
    /// <param name="arguments">What follows its name.</param>
    /// <returns>How many bytes it took.</returns>
    public static int Write(Span<byte> destination, CommandName name, ReadOnlySpan<RedisArgument> arguments)
    {
        var position = WriteHeader(destination, '*', name.Words + arguments.Length);
        name.Encoded.CopyTo(destination[position..]);
        position += name.Encoded.Length;
        foreach (ref readonly var argument in arguments)
        {
            position += WriteArgument(destination[position..], argument);
        }

        return position;
    }

    /// <summary>The bytes of an argument that holds bytes.</summary>
    public static ReadOnlySpan<byte> Bytes(in RedisArgument argument)
    {
        var (start, length) = ((int)(argument.Bits >> 32), (int)argument.Bits);
        return argument.Source switch
        {
            byte[] array => array.AsSpan(start, length),
            MemoryManager<byte> manager => manager.GetSpan().Slice(start, length),
            _ => [],
        };
    }

    private static int WriteArgument(Span<byte> destination, in RedisArgument argument)
    {
        Span<byte> number = stackalloc byte[NumberBytes];
        switch (argument.Kind)
        {
            case ArgumentKind.Text:
                var text = Unsafe.As<string>(argument.Source)!;
                var length = Encoding.UTF8.GetByteCount(text);
                var position = WriteHeader(destination, '$', length);
                position += Encoding.UTF8.GetBytes(text, destination[position..]);
                return EndLine(destination, position);
            case ArgumentKind.Integer:
                Utf8Formatter.TryFormat(argument.Bits, number, out var digits);
                return WriteBulk(destination, number[..digits]);
            case ArgumentKind.Double:
                return WriteBulk(destination, number[..Format(BitConverter.Int64BitsToDouble(argument.Bits), number)]);
            default:
                return WriteBulk(destination, Bytes(argument));
        }
    }

    /// <summary>An upper bound for short texts, which are counted when they are written; the length of longer ones.</summary>
    private static int TextBytes(string text) =>
        text.Length <= 128 ? Encoding.UTF8.GetMaxByteCount(text.Length) : Encoding.UTF8.GetByteCount(text);

    private static int Format(double value, Span<byte> destination)
    {
        if (double.IsInfinity(value))
        {
            var infinity = value > 0 ? "inf"u8 : "-inf"u8;
            infinity.CopyTo(destination);
            return infinity.Length;
        }

        value.TryFormat(destination, out var written, "R", System.Globalization.CultureInfo.InvariantCulture);
        return written;
    }

    private static int WriteBulk(Span<byte> destination, ReadOnlySpan<byte> content)
    {
        var position = WriteHeader(destination, '$', content.Length);
        content.CopyTo(destination[position..]);
        return EndLine(destination, position + content.Length);
    }

    private static int WriteHeader(Span<byte> destination, char type, int number)
    {
        destination[0] = (byte)type;
        if (number < 10)
        {
            destination[1] = (byte)('0' + number);
            return EndLine(destination, 2);
        }

        Utf8Formatter.TryFormat(number, destination[1..], out var digits);
        return EndLine(destination, 1 + digits);
    }

    private static int EndLine(Span<byte> destination, int position)
    {
        destination[position] = (byte)'\r';
        destination[position + 1] = (byte)'\n';
        return position + 2;
    }
}
