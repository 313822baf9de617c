using System.Security.Cryptography;

namespace Millrace.Jobs.Enqueueing;

/// <summary>Makes ids that sort by time and that no other process makes: 45 bits of milliseconds, 15 bits of a number that goes up, and 40 random bits that are
/// drawn anew each time the number comes round. In 20 characters, so that a store pays little for each. Thread-safe.</summary>
/// <remarks>Two ids are alike only if two processes draw the same 40 bits and then reach the same number in the same millisecond. A process never makes one twice, wherever
/// its clock is set. Ids are names, not secrets.</remarks>
internal sealed class JobIds
{
    private const int TimeCharacters = 9;
    private const int NumberCharacters = 3;
    private const int RandomCharacters = 8;
    private const int Length = TimeCharacters + NumberCharacters + RandomCharacters;
    private const int Numbers = 1 << (5 * NumberCharacters);

    private readonly Lock _lock = new(); // guards the two below
    private long _random;
    private int _number = Numbers;

    private static ReadOnlySpan<char> Digits => "0123456789abcdefghjkmnpqrstvwxyz";

    public string New(DateTimeOffset time)
    {
        long random;
        int number;
        lock (_lock)
        {
            if (_number == Numbers)
            {
                Span<byte> bytes = stackalloc byte[sizeof(long)];
                RandomNumberGenerator.Fill(bytes);
                _random = BitConverter.ToInt64(bytes);
                _number = 0;
            }

            (random, number) = (_random, _number++);
        }

        Span<char> text = stackalloc char[Length];
        Write(text[..TimeCharacters], time.ToUnixTimeMilliseconds());
        Write(text.Slice(TimeCharacters, NumberCharacters), number);
        Write(text[(TimeCharacters + NumberCharacters)..], random);
        return new string(text);
    }

    /// <summary>Writes the lowest bits of a number, five a character.</summary>
    private static void Write(Span<char> text, long value)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = Digits[(int)(value & 31)];
            value >>= 5;
        }
    }
}
