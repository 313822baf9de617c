using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Millrace.Caching.Keys;

// The hash of a set of parameters, for keys such as api:orders:{hash}.
//
// Canonical form: the pairs in the order of their names, those of one name in the order of their values (both compared as UTF-16 code units; null
// comes first), each as
//     length of the name in bytes (4, little endian)   the name in UTF-8
//     length of the value in bytes (4, little endian; -1 for null)   the value in UTF-8
// The lengths keep neighbours apart, so different sets have different forms. The hash is the first 128 bits of the form's SHA-256 in lower-case
// hexadecimal: 32 characters, which statistics of key patterns never take for a word.
internal static class ParameterHash
{
    public const int MaximumCount = 1024;
    public const int MaximumBytes = 1024 * 1024;

    private const int HashBytes = 16;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Of(IEnumerable<KeyValuePair<string, string?>> parameters)
    {
        var pairs = new List<KeyValuePair<string, string?>>();
        foreach (var pair in parameters)
        {
            ArgumentNullException.ThrowIfNull(pair.Key, nameof(parameters));
            if (pairs.Count == MaximumCount)
            {
                throw new ArgumentException($"A hashed key is made of {MaximumCount} parameters at most.", nameof(parameters));
            }

            pairs.Add(pair);
        }

        pairs.Sort(static (a, b) => string.CompareOrdinal(a.Key, b.Key) is var order and not 0 ? order : string.CompareOrdinal(a.Value, b.Value));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var bytes = 0L;
        foreach (var (name, value) in pairs)
        {
            Append(hash, name, ref bytes);
            Append(hash, value, ref bytes);
        }

        Span<byte> result = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(result);
        return Convert.ToHexStringLower(result[..HashBytes]);
    }

    private static void Append(IncrementalHash hash, string? text, ref long bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        var encoded = text is null ? null : Encode(text);
        BinaryPrimitives.WriteInt32LittleEndian(length, encoded?.Length ?? -1);
        hash.AppendData(length);
        hash.AppendData(encoded ?? []);
        bytes += encoded?.Length ?? 0;
        if (bytes > MaximumBytes)
        {
            throw new ArgumentException($"The parameters of a hashed key may have {MaximumBytes} bytes in all.", nameof(text));
        }
    }

    private static byte[] Encode(string text)
    {
        try
        {
            return text.Length <= MaximumBytes ? Strict.GetBytes(text) : throw new ArgumentException($"The parameters of a hashed key may have {MaximumBytes} bytes in all.", nameof(text));
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException("A parameter of a hashed key must be valid Unicode; one holds half a character.", nameof(text), e);
        }
    }
}
