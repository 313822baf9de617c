namespace Millrace.Caching;

/// <summary>A write was refused because too many wait for their source, and none became free in time. Nothing was kept.</summary>
public sealed class WriteBehindFullException : Exception
{
    /// <summary>With a message of its own.</summary>
    public WriteBehindFullException()
    {
    }

    /// <summary>With a message.</summary>
    public WriteBehindFullException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public WriteBehindFullException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
