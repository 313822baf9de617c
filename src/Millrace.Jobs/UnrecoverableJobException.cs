namespace Millrace.Jobs;

/// <summary>Thrown by a handler when trying again is pointless: the job is dead at once, whatever attempts are left.</summary>
public sealed class UnrecoverableJobException : Exception
{
    /// <summary>With a general message.</summary>
    public UnrecoverableJobException()
        : base("The job cannot succeed, whatever attempts are left.")
    {
    }

    /// <summary>With a message that says why.</summary>
    public UnrecoverableJobException(string message)
        : base(message)
    {
    }

    /// <summary>With a message that says why, and the cause.</summary>
    public UnrecoverableJobException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
