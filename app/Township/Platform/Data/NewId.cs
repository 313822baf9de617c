using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Township.Platform.Data;

/// <summary>
/// Ids: 20 characters of lower-case Crockford base 32, 48 bits of Unix milliseconds and 52 random bits. They sort by creation,
/// which makes them good keys for paging, and cannot be guessed one from another.
/// </summary>
internal static class NewId
{
    public const int Length = 20;
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    public static string Create(TimeProvider time) => Create(time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>For rows of another time than now, such as seeded ones.</summary>
    public static string Create(long unixMilliseconds)
    {
        Span<byte> random = stackalloc byte[8];
        RandomNumberGenerator.Fill(random);
        return Compose(unixMilliseconds, BitConverter.ToUInt64(random));
    }

    /// <summary>The same id for the same source: for what a repeated job must not add twice.</summary>
    public static string Derive(long createdAt, string source) =>
        Compose(createdAt, BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(source))));

    /// <summary>Whether <paramref name="text"/> could be an id (also a seeded one): 1 to 40 of <c>a-z 0-9 -</c>.</summary>
    public static bool IsWellFormed(string? text) =>
        text is { Length: > 0 and <= 40 }
        && !text.AsSpan().ContainsAnyExcept(Allowed);

    private static string Compose(long unixMilliseconds, ulong random)
    {
        var low = random & ((1UL << 52) - 1);
        var value = ((UInt128)(ulong)unixMilliseconds << 52) | low;
        return string.Create(Length, value, static (characters, bits) =>
        {
            for (var i = characters.Length - 1; i >= 0; i--)
            {
                characters[i] = Alphabet[(int)(bits & 31)];
                bits >>= 5;
            }
        });
    }
}
