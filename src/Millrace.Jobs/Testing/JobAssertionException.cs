namespace Millrace.Jobs.Testing;

/// <summary>A test expected something else of the jobs. The message says what was expected and what there was instead.</summary>
public sealed class JobAssertionException : Exception
{
    /// <summary>With a general message.</summary>
    public JobAssertionException()
        : base("The jobs are not as expected.")
    {
    }

    /// <summary>With a message.</summary>
    public JobAssertionException(string message)
        : base(message)
    {
    }

    /// <summary>With a message, and the error that is behind it.</summary>
    public JobAssertionException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
