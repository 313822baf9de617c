using System.Security.Cryptography;

namespace Township.Platform.Identity;

/// <summary>The secret that signs bearer tokens: made at first start, kept in the data directory, readable by its owner only.</summary>
internal sealed class SigningKey
{
    public const string FileName = "token.key";
    private const int Size = 32; // the hash's size, as RFC 7518 §3.2 asks at least

    private SigningKey(byte[] bytes) => Bytes = bytes;

    public byte[] Bytes { get; }

    /// <summary>Reads the key, or makes one. Of two programs that start together, both end up with the same.</summary>
    /// <exception cref="InvalidOperationException">The file is not a key.</exception>
    public static SigningKey LoadOrCreate(DataDirectory data)
    {
        var path = data.File(FileName);
        if (!File.Exists(path))
        {
            Create(path);
        }

        var bytes = File.ReadAllBytes(path);
        return bytes.Length == Size
            ? new SigningKey(bytes)
            : throw new InvalidOperationException(
                $"'{path}' has {bytes.Length} bytes; a signing key has {Size}. Delete it: a new one is made at the next start, "
                + "and tokens issued so far end.");
    }

    // Written whole under another name, then linked into place: nobody ever reads half a key.
    private static void Create(string path)
    {
        var draft = $"{path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(draft, options))
        {
            file.Write(RandomNumberGenerator.GetBytes(Size));
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft); // another program was first
        }
    }
}
