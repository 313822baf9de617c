namespace Millrace.Redis;

/// <summary>What this client throws, or an ancestor of it. Messages never hold passwords, arguments or values.</summary>
public class RedisException : Exception
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public RedisException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What went wrong, where, and the remedy; no secrets.</param>
    public RedisException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with its cause.</summary>
    /// <param name="message">What went wrong, where, and the remedy; no secrets.</param>
    /// <param name="innerException">The cause; null when there is none.</param>
    public RedisException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
