using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Township.Platform.Identity;

/// <summary>Opaque secrets: 256 random bits for the cookie or the link; the database keeps only the hash.</summary>
internal static class SecretToken
{
    private const int Length = 43;

    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>The hash that stands for <paramref name="token"/> in the database; null for what cannot be a token.</summary>
    public static string? Hash(string? token) =>
        token is { Length: Length } ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token))) : null;
}
