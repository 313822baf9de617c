namespace Millrace.Redis;

/// <summary>
/// A server sent bytes that are no valid RESP, or beyond the configured limits. The message says what was wrong and at which byte of the
/// reply. The connection has been given up, because nothing after such bytes can be trusted.
/// </summary>
public sealed class RedisProtocolException : RedisException
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public RedisProtocolException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What was wrong, and where.</param>
    public RedisProtocolException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with its cause.</summary>
    /// <param name="message">What was wrong, and where.</param>
    /// <param name="innerException">The cause; null when there is none.</param>
    public RedisProtocolException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
