using System.IO.Compression;
using System.Security.Cryptography;

namespace Millrace.Dashboard.Serving;

/// <summary>One embedded file, ready to send: plain and compressed, each with an entity tag over its content.</summary>
internal sealed class Asset
{
    public Asset(string contentType, byte[] plain)
    {
        ContentType = contentType;
        Plain = plain;
        Compressed = Compress(plain);
        var hash = Convert.ToHexStringLower(SHA256.HashData(plain))[..32];
        PlainTag = $"\"{hash}\"";
        CompressedTag = $"\"{hash}-gz\"";
    }

    public string ContentType { get; }

    public byte[] Plain { get; }

    public byte[] Compressed { get; }

    public string PlainTag { get; }

    public string CompressedTag { get; }

    private static byte[] Compress(byte[] plain)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(plain);
        }

        return buffer.ToArray();
    }
}
