using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Millrace.Jobs.Payloads;

/// <summary>Encrypts with AES-256-GCM (NIST SP 800-38D) under a random nonce; the purpose is authenticated with it, so that what belongs to one job name is not taken for
/// another's. Stored as JSON: the key's id, and nonce, ciphertext and tag in base64.</summary>
/// <remarks>One key must not encrypt more than 2^32 payloads, because nonces are random. Thread-safe.</remarks>
internal sealed class AesPayloadCodec : IJobPayloadCodec
{
    private const string KeyName = "$encrypted";
    private const string DataName = "data";

    private static readonly byte[] Mark = Encoding.UTF8.GetBytes($"{{\"{KeyName}\":");

    private readonly JobEncryptionOptions _options;

    public AesPayloadCodec(JobEncryptionOptions options)
    {
        if (options.Current is null)
        {
            throw new ArgumentException("Encrypting jobs needs a key: AddKey.", nameof(options));
        }

        _options = options;
    }

    public ReadOnlyMemory<byte> Encode(string purpose, ReadOnlyMemory<byte> json)
    {
        var (nonceSize, tagSize) = (AesGcm.NonceByteSizes.MaxSize, AesGcm.TagByteSizes.MaxSize);
        var sealedBytes = new byte[nonceSize + json.Length + tagSize];
        var nonce = sealedBytes.AsSpan(0, nonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_options.Keys[_options.Current!], tagSize);
        aes.Encrypt(nonce, json.Span, sealedBytes.AsSpan(nonceSize, json.Length), sealedBytes.AsSpan(nonceSize + json.Length), Encoding.UTF8.GetBytes(purpose));
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString(KeyName, _options.Current);
            writer.WriteBase64String(DataName, sealedBytes);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    public ReadOnlyMemory<byte> Decode(string purpose, ReadOnlyMemory<byte> stored)
    {
        if (!stored.Span.StartsWith(Mark))
        {
            return _options.AcceptPlain ? stored : throw new InvalidDataException("It is not encrypted, and only what is encrypted is taken (JobEncryptionOptions.AcceptPlain).");
        }

        var (id, sealedBytes) = Read(stored);
        var (nonceSize, tagSize) = (AesGcm.NonceByteSizes.MaxSize, AesGcm.TagByteSizes.MaxSize);
        if (!_options.Keys.TryGetValue(id, out var key))
        {
            throw new KeyNotFoundException($"It is encrypted with the key '{id}', which this process does not have. Add it (JobEncryptionOptions.AddKey).");
        }

        if (sealedBytes.Length < nonceSize + tagSize)
        {
            throw new InvalidDataException("It is encrypted, but cut off.");
        }

        var json = new byte[sealedBytes.Length - nonceSize - tagSize];
        using var aes = new AesGcm(key, tagSize);
        try
        {
            aes.Decrypt(sealedBytes.AsSpan(0, nonceSize), sealedBytes.AsSpan(nonceSize, json.Length), sealedBytes.AsSpan(nonceSize + json.Length), json, Encoding.UTF8.GetBytes(purpose));
        }
        catch (CryptographicException error)
        {
            throw new InvalidDataException($"It is encrypted with the key '{id}', but was changed since, belongs to another job name, or the key is another one of that id.", error);
        }

        return json;
    }

    private static (string KeyId, byte[] Sealed) Read(ReadOnlyMemory<byte> stored)
    {
        try
        {
            using var document = JsonDocument.Parse(stored);
            return document.RootElement.GetProperty(KeyName).GetString() is { } id && document.RootElement.TryGetProperty(DataName, out var data)
                ? (id, data.GetBytesFromBase64())
                : throw new InvalidDataException("It is marked as encrypted, but is not.");
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException("It is marked as encrypted, but is not.", error);
        }
    }
}
