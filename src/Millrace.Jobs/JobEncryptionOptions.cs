namespace Millrace.Jobs;

/// <summary>The keys of <see cref="JobsBuilder.EncryptPayloads"/>.</summary>
/// <remarks>Used while services are registered; not thread-safe.</remarks>
public sealed class JobEncryptionOptions
{
    /// <summary>Length of a key, in bytes.</summary>
    public const int KeyBytes = 32;

    private readonly Dictionary<string, byte[]> _keys = new(StringComparer.Ordinal);

    internal IReadOnlyDictionary<string, byte[]> Keys => _keys;

    internal string? Current { get; private set; }

    /// <summary>Whether jobs and results that are not encrypted, from before encryption was used, are still taken. Default true; false once none are left, so that nobody who
    /// writes to the store can pass off plain ones.</summary>
    public bool AcceptPlain { get; set; } = true;

    /// <summary>Adds a key. The last one that is added encrypts; all of them decrypt, so that keys can be changed while jobs wait: first add the new key before the old one
    /// everywhere, then behind it, and drop the old one once no job needs it.</summary>
    /// <param name="id">Names the key in what is stored: 1 to 100 characters.</param>
    /// <param name="key">32 bytes from a random generator, kept where secrets are kept.</param>
    /// <exception cref="ArgumentException">The id is taken or not valid, or the key has another length.</exception>
    public JobEncryptionOptions AddKey(string id, ReadOnlySpan<byte> key)
    {
        JobValidation.Name(id, "key");
        if (key.Length != KeyBytes)
        {
            throw new ArgumentException($"A key for jobs has {KeyBytes} bytes; '{id}' has {key.Length}. Make one with RandomNumberGenerator.GetBytes({KeyBytes}).", nameof(key));
        }

        if (!_keys.TryAdd(id, key.ToArray()))
        {
            throw new ArgumentException($"There are two keys '{id}'. Give each its own id.", nameof(id));
        }

        Current = id;
        return this;
    }
}
