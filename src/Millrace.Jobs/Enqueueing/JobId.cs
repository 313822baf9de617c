using System.Security.Cryptography;

namespace Millrace.Jobs.Enqueueing;

/// <summary>Makes ids: 26 characters of Crockford's base 32 (digits and lower-case letters without i, l, o and u), which sort by time to the millisecond
/// as text; 48 bits of time, then 80 random ones: the layout of a ULID (github.com/ulid/spec). Short, because every index of a store holds them.</summary>
internal static class JobId
{
    private const int Length = 26;
    private const int TimeCharacters = 10;

    private static ReadOnlySpan<char> Digits => "0123456789abcdefghjkmnpqrstvwxyz";

    public static string New(DateTimeOffset time) => string.Create(Length, time.ToUnixTimeMilliseconds(), static (text, milliseconds) =>
    {
        for (var i = TimeCharacters - 1; i >= 0; i--)
        {
            text[i] = Digits[(int)(milliseconds & 31)];
            milliseconds >>= 5;
        }

        RandomNumberGenerator.GetItems(Digits, text[TimeCharacters..]);
    });
}
