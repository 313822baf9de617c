using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Millrace.Caching.Sessions;

/// <summary>
/// A session's token: 32 random bytes, then the 16 of the user's place, as 64 characters of base64url. The place makes all keys of a user's sessions
/// one hash tag, so that a token alone leads to them in one step. What is stored is the token's SHA-256, the session's id; the token is stored nowhere.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SessionToken(string Place, string Id)
{
    private const int SecretBytes = 32;
    private const int PlaceBytes = 16;
    private const int Length = 64;
    private const int IdLength = 43;

    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Makes a new token.</summary>
    /// <returns>Its text, for the client, and what is stored of it.</returns>
    public static (string Text, SessionToken Token) Create(string userId)
    {
        Span<byte> bytes = stackalloc byte[SecretBytes + PlaceBytes];
        RandomNumberGenerator.Fill(bytes[..SecretBytes]);
        WritePlace(userId, bytes[SecretBytes..]);
        var made = (Base64Url.EncodeToString(bytes), Of(bytes));
        CryptographicOperations.ZeroMemory(bytes);
        return made;
    }

    /// <summary>Reads a token that a client sent. Anything that was not made here is refused without asking a server.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SessionToken token)
    {
        Span<byte> bytes = stackalloc byte[SecretBytes + PlaceBytes];
        if (text is not { Length: Length } || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done || written != bytes.Length)
        {
            token = default;
            return false;
        }

        token = Of(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        return true;
    }

    /// <summary>Whether a text can be an id.</summary>
    public static bool IsId([NotNullWhen(true)] string? id) => id is { Length: IdLength } && !id.AsSpan().ContainsAnyExcept(Letters);

    /// <summary>Whether two ids are the same, in a time that does not tell where they differ.</summary>
    public static bool AreEqual(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(one.AsSpan()), MemoryMarshal.AsBytes(other.AsSpan()));

    /// <summary>Where a user's sessions are.</summary>
    public static string PlaceOf(string userId)
    {
        Span<byte> place = stackalloc byte[PlaceBytes];
        WritePlace(userId, place);
        return Base64Url.EncodeToString(place);
    }

    private static SessionToken Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return new(Base64Url.EncodeToString(bytes[SecretBytes..]), Base64Url.EncodeToString(hash));
    }

    private static void WritePlace(string userId, Span<byte> place)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(StrictUtf8.GetBytes(userId), hash);
        hash[..PlaceBytes].CopyTo(place);
    }
}
