using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Township.Platform.Identity;

/// <summary>
/// Signed tokens in compact form (RFC 7515), with the one algorithm HS256 (RFC 7518 §3.2). What is accepted is decided here, not by
/// the token: any other <c>alg</c>, a <c>crit</c> header, a doubled name, padding or an oversized token is refused.
/// </summary>
internal static class JsonWebSignature
{
    /// <summary>Far above any token that Township issues, far below what would cost anything to refuse.</summary>
    public const int MaximumLength = 4096;

    private const int SignatureBytes = 32;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };
    private static readonly string Header = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8);

    public static string Sign(ReadOnlySpan<byte> payload, byte[] key)
    {
        var signed = $"{Header}.{Base64Url.EncodeToString(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>The payload of a token with a right signature; the payload's claims are still to be judged.</summary>
    public static bool TryVerify(string? token, byte[] key, out byte[] payload)
    {
        payload = [];
        if (token is not { Length: > 0 and <= MaximumLength } || token.AsSpan().Count('.') != 2)
        {
            return false;
        }

        var first = token.IndexOf('.', StringComparison.Ordinal);
        var last = token.LastIndexOf('.');
        if (!TryDecode(token.AsSpan(0, first), out var header)
            || !TryDecode(token.AsSpan(first + 1, last - first - 1), out var body)
            || !TryDecode(token.AsSpan(last + 1), out var signature)
            || signature.Length != SignatureBytes
            || !IsHs256(header))
        {
            return false;
        }

        var expected = HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(token, 0, last));
        if (!CryptographicOperations.FixedTimeEquals(expected, signature))
        {
            return false;
        }

        payload = body;
        return true;
    }

    public static bool TryParseObject(ReadOnlyMemory<byte> json, out JsonDocument? document)
    {
        document = null;
        try
        {
            var parsed = JsonDocument.Parse(json, Strict);
            if (parsed.RootElement.ValueKind is JsonValueKind.Object)
            {
                document = parsed;
                return true;
            }

            parsed.Dispose();
            return false;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsHs256(byte[] header)
    {
        if (!TryParseObject(header, out var document))
        {
            return false;
        }

        using (document)
        {
            var root = document!.RootElement;
            return root.TryGetProperty("alg", out var algorithm)
                && algorithm.ValueKind is JsonValueKind.String
                && algorithm.ValueEquals("HS256"u8)
                && !root.TryGetProperty("crit", out _);
        }
    }

    // Unpadded and canonical: one text for one value (RFC 7515 §2), so a token cannot be varied and stay valid.
    private static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
            {
                return false;
            }
        }

        var buffer = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        if (Base64Url.DecodeFromChars(text, buffer, out _, out var written) is not OperationStatus.Done)
        {
            return false;
        }

        bytes = buffer[..written];
        return text.SequenceEqual(Base64Url.EncodeToString(bytes));
    }
}
