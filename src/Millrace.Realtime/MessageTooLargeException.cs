namespace Millrace.Realtime;

/// <summary>A message is larger than its channel allows.</summary>
public sealed class MessageTooLargeException : InvalidOperationException
{
    /// <summary>An error with a message that names channel, size, limit and remedy.</summary>
    public MessageTooLargeException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="MessageTooLargeException(string)" />
    public MessageTooLargeException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>An error without details.</summary>
    public MessageTooLargeException()
    {
    }
}
