namespace Millrace.Redis;

/// <summary>A server could not be reached, or the connection ended before a reply came.</summary>
public sealed class RedisConnectionException : RedisException
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public RedisConnectionException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What went wrong.</param>
    public RedisConnectionException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with its cause.</summary>
    /// <param name="message">What went wrong.</param>
    /// <param name="innerException">The cause; null when there is none.</param>
    public RedisConnectionException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal RedisConnectionException(string message, string? server, string? command, RedisDelivery delivery, Exception? innerException)
        : base(message, innerException)
    {
        Server = server;
        Command = command;
        Delivery = delivery;
    }

    /// <summary>The server, <c>host:port</c>; null when no server was chosen yet.</summary>
    public string? Server { get; }

    /// <summary>The command's name, without its arguments; null when it was no command that failed.</summary>
    public string? Command { get; }

    /// <summary>Whether the command may have run.</summary>
    public RedisDelivery Delivery { get; }
}
