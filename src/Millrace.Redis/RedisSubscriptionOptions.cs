namespace Millrace.Redis;

/// <summary>The bounds of one subscription. When the reader is slower than the messages, the oldest are dropped and a mark says so.</summary>
public sealed class RedisSubscriptionOptions
{
    /// <summary>Messages that may wait to be read. From 1 to 1,048,576; default 1,024.</summary>
    public int BufferMessages { get; set; } = 1_024;

    /// <summary>
    /// Bytes of the payloads that may wait to be read; a single message may be longer, and then waits alone. From 1 KiB to 2,147,483,591;
    /// default 16 MiB.
    /// </summary>
    public int BufferBytes { get; set; } = 16 * 1024 * 1024;

    internal void Validate(string name)
    {
        if (BufferMessages is < 1 or > 1_048_576)
        {
            throw new ArgumentOutOfRangeException(name, BufferMessages, $"{nameof(BufferMessages)} must be from 1 to 1,048,576.");
        }

        if (BufferBytes is < 1_024 or > 2_147_483_591)
        {
            throw new ArgumentOutOfRangeException(name, BufferBytes, $"{nameof(BufferBytes)} must be from 1,024 to 2,147,483,591.");
        }
    }
}
