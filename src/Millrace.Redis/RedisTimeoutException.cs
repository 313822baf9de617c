namespace Millrace.Redis;

/// <summary>A command was not answered in time. Its connection goes on: a late reply is dropped.</summary>
public sealed class RedisTimeoutException : RedisException
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public RedisTimeoutException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What took too long.</param>
    public RedisTimeoutException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with its cause.</summary>
    /// <param name="message">What took too long.</param>
    /// <param name="innerException">The cause; null when there is none.</param>
    public RedisTimeoutException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal RedisTimeoutException(string message, string? server, string command, RedisDelivery delivery)
        : base(message)
    {
        Server = server;
        Command = command;
        Delivery = delivery;
    }

    /// <summary>The server, <c>host:port</c>; null when the command still waited for one.</summary>
    public string? Server { get; }

    /// <summary>The command's name, without its arguments.</summary>
    public string? Command { get; }

    /// <summary>Whether the command may have run.</summary>
    public RedisDelivery Delivery { get; }
}
