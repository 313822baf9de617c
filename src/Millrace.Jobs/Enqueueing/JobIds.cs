using System.Security.Cryptography;

namespace Millrace.Jobs.Enqueueing;

/// <summary>Makes ids: 26 characters of Crockford's base 32 (digits and lower-case letters without i, l, o and u), which sort by time to the millisecond
/// as text; 48 bits of time, then 80 random ones: the layout of a ULID (github.com/ulid/spec). Short, because every index of a store holds them.
/// Thread-safe.</summary>
/// <remarks>Random bytes are fetched for many ids at once: a call for each costs more than the rest of an id (jobs.redis.enqueue.bulk).</remarks>
internal sealed class JobIds
{
    private const int Length = 26;
    private const int TimeCharacters = 10;
    private const int RandomBytes = Length - TimeCharacters;

    private readonly Lock _lock = new(); // guards the two below
    private readonly byte[] _random = new byte[RandomBytes * 64];
    private int _used = RandomBytes * 64;

    private static ReadOnlySpan<char> Digits => "0123456789abcdefghjkmnpqrstvwxyz";

    public string New(DateTimeOffset time)
    {
        Span<char> text = stackalloc char[Length];
        var milliseconds = time.ToUnixTimeMilliseconds();
        for (var i = TimeCharacters - 1; i >= 0; i--)
        {
            text[i] = Digits[(int)(milliseconds & 31)];
            milliseconds >>= 5;
        }

        lock (_lock)
        {
            if (_used == _random.Length)
            {
                RandomNumberGenerator.Fill(_random);
                _used = 0;
            }

            for (var i = 0; i < RandomBytes; i++)
            {
                text[TimeCharacters + i] = Digits[_random[_used++] & 31];
            }
        }

        return new string(text);
    }
}
