using System.Globalization;
using System.Text;

namespace Millrace.Redis.Tests.Protocol;

/// <summary>Makes valid replies at random, and spoils them.</summary>
internal sealed class RandomReplies(Random random)
{
    private const string Alphabet = "abz09 -:$*\n\r\0\u00ff{}";
    private static readonly string[] Numbers =
        ["0", "-1", "+7", "42", "9223372036854775807", "-9223372036854775808", "1", "100000", "0000012"];
    private static readonly string[] Doubles =
        ["0", "-0", "1.5", "-3.25e-7", "1E+20", "inf", "-inf", "nan", "1e308", "4.9406564584124654e-324", "10", "0.30000000000000004"];
    private static readonly string[] Lengths =
        ["-1", "-2", "?", "", "0", "4", "63", "65536", "1048576", "536870912", "536870913", "2147483647", "2147483648", "4294967296",
            "99999999999999999", "999999999999999999999999", "9223372036854775807", "00000000000000001", "1 ", "+1"];

    private readonly StringBuilder _wire = new();

    /// <summary>A valid reply, perhaps a push.</summary>
    public byte[] Valid()
    {
        _wire.Clear();
        Attributes(depth: 0);
        if (random.Next(12) == 0)
        {
            Aggregate('>', random.Next(1, 5), depth: 0);
        }
        else
        {
            Value(depth: 0);
        }

        return Replies.Bytes(_wire.ToString());
    }

    /// <summary>A reply of one to some hundred bytes that is probably none: of another one by flipped, cut, doubled, deleted, exchanged
    /// bytes, lengths out of bounds, a piece of a second one; or bytes of pure chance.</summary>
    public byte[] Spoiled(byte[] valid, byte[] second)
    {
        var bytes = new List<byte>(valid);
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var at = random.Next(bytes.Count);
            var length = random.Next(1, Math.Min(16, bytes.Count - at) + 1);
            switch (random.Next(9))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 4:
                    bytes.RemoveRange(at, length);
                    break;
                case 5:
                    bytes[at] = (byte)"+-:_#,($!=*~>%|?;.\r\n0"[random.Next(21)];
                    break;
                case 6:
                    var digits = bytes.FindIndex(at, static b => b is >= (byte)'0' and <= (byte)'9');
                    if (digits >= 0)
                    {
                        bytes.RemoveAt(digits);
                        bytes.InsertRange(digits, Replies.Bytes(Lengths[random.Next(Lengths.Length)]));
                    }

                    break;
                case 7:
                    var from = random.Next(second.Length);
                    bytes.InsertRange(at, second[from..random.Next(from, second.Length)]);
                    break;
                default:
                    bytes = [.. Enumerable.Range(0, random.Next(1, 64)).Select(_ => (byte)random.Next(256))];
                    break;
            }

            if (bytes.Count == 0)
            {
                bytes.Add((byte)random.Next(256));
            }
        }

        return [.. bytes];
    }

    private void Value(int depth)
    {
        Attributes(depth);
        switch (random.Next(depth < 5 ? 16 : 12))
        {
            case 0:
                Line('+', Word(random.Next(12)));
                break;
            case 1:
                Line('-', "ERR " + Word(random.Next(12)));
                break;
            case 2:
                Line(':', random.Next(2) == 0 ? Pick(Numbers) : random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture));
                break;
            case 3:
                Line('_', "");
                break;
            case 4:
                Line('#', random.Next(2) == 0 ? "t" : "f");
                break;
            case 5:
                Line(',', random.Next(2) == 0 ? Pick(Doubles) : BitConverter.Int64BitsToDouble(random.NextInt64()).ToString("R", CultureInfo.InvariantCulture).Replace("NaN", "nan", StringComparison.Ordinal));
                break;
            case 6:
                Line('(', Pick(Numbers) + Pick(Numbers).TrimStart('-', '+'));
                break;
            case 7:
                Bulk('!', "ERR " + Text(random.Next(30)));
                break;
            case 8:
                Bulk('=', "txt:" + Text(random.Next(30)));
                break;
            case 9:
                _wire.Append(random.Next(2) == 0 ? "$-1\r\n" : "*-1\r\n");
                break;
            case 10 or 11:
                Bulk('$', Text(random.Next(20) == 0 ? random.Next(300) : random.Next(20)));
                break;
            default:
                Aggregate("*~%*"[random.Next(4)], random.Next(5), depth);
                break;
        }
    }

    private void Attributes(int depth)
    {
        while (random.Next(12) == 0)
        {
            Aggregate('|', random.Next(3), depth);
        }
    }

    private void Aggregate(char type, int count, int depth)
    {
        Line(type, count.ToString(CultureInfo.InvariantCulture));
        for (var values = type is '%' or '|' ? 2 * count : count; values > 0; values--)
        {
            Value(depth + 1);
        }
    }

    private void Line(char type, string text) => _wire.Append(type).Append(text).Append("\r\n");

    private void Bulk(char type, string text) => Line(type, text.Length.ToString(CultureInfo.InvariantCulture) + "\r\n" + text);

    private string Word(int length) => Text(length).Replace('\r', 'r').Replace('\n', 'n');

    private string Text(int length) => string.Create(length, random, static (text, random) =>
    {
        foreach (ref var c in text)
        {
            c = Alphabet[random.Next(Alphabet.Length)];
        }
    });

    private string Pick(string[] from) => from[random.Next(from.Length)];
}
