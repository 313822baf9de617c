using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Millrace.Caching.DropIns;

// IDistributedCache takes any string as a key, a cache of ours does not. A key that fits is used as it is, so that statistics by key pattern and
// people with redis-cli know it again. Any other becomes %key: and the SHA-256 of its UTF-16 code units; so does one that begins like that itself.
internal static class DistributedKeys
{
    private const string Prefix = "%key:";
    private const int MaximumLength = 512;

    public static string Of(string key) =>
        Fits(key) ? key : Prefix + Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(key.AsSpan())));

    private static bool Fits(string key)
    {
        if (string.IsNullOrWhiteSpace(key) || key.Length > MaximumLength || key.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var c in key)
        {
            if (char.IsControl(c) || char.IsSurrogate(c))
            {
                return false;
            }
        }

        return true;
    }
}
