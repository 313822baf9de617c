namespace Millrace.Redis;

/// <summary>A server answered a command with an error. The connection is fine.</summary>
public sealed class RedisServerException : RedisException
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public RedisServerException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">The server's line; its first word becomes <see cref="Code"/>.</param>
    public RedisServerException(string message)
        : this(message, null)
    {
    }

    /// <summary>Makes an exception with its cause.</summary>
    /// <param name="message">The server's line; its first word becomes <see cref="Code"/>.</param>
    /// <param name="innerException">The cause; null when there is none.</param>
    public RedisServerException(string message, Exception? innerException)
        : base(message, innerException)
    {
        ArgumentNullException.ThrowIfNull(message);
        var space = message.IndexOf(' ', StringComparison.Ordinal);
        Code = space < 0 ? message : message[..space];
    }

    /// <summary>The error's code as servers write it, in capitals: <c>WRONGTYPE</c>, <c>NOSCRIPT</c>, <c>NOPERM</c>; <c>ERR</c> when there is no better one.</summary>
    public string Code { get; } = "";
}
